//! The page in a browser: what a newcomer does with the mouse, and the same by keyboard.

use anyhow::{Result, ensure};
use rolecall_e2e::{
    Runner, Stand,
    browser::{Browser, View},
};

const DESK: View = View { width: 1280, height: 900, dark: false };
const NIGHT: View = View { width: 1280, height: 900, dark: true };
const PHONE: View = View { width: 390, height: 844, dark: false };

const IS_HEALTHY: &str = "document.getElementById('pill').dataset.state == 'ok'";
const MAY_WRITE: &str = "!document.getElementById('write').disabled && document.getElementById('to').value != ''";

/// What the badge of the answer begins with.
fn answered(status: u16) -> String {
    format!("document.querySelector('#outcome .badge')?.textContent.startsWith('{status}') == true")
}

/// Nothing leaves the origin, and nothing is complained about but the refusals that were asked for.
fn is_clean(browser: &Browser, address: &str) -> Result<()> {
    for request in browser.requests() {
        let stays = request.starts_with(&format!("{address}/")) || request.starts_with("data:image/");
        ensure!(stays || request == "about:blank", "{request} leaves the origin");
    }
    // The browser itself reports each answer of 403.
    let is_refusal = |text: &String| text.contains("/functions/v1/send-dm") && text.contains("403");
    let complaints: Vec<String> = browser.complaints().into_iter().filter(|text| !is_refusal(text)).collect();
    ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

/// Runs what blocks with a runner on the demo database.
async fn on_the_demo(visit: fn(&str) -> Result<()>) {
    tokio::task::spawn_blocking(move || {
        let runner = Runner::start(&[], &[])?;
        visit(runner.address())
    })
    .await
    .unwrap()
    .unwrap();
}

#[tokio::test]
async fn a_newcomer_sends_the_first_message_with_the_mouse_and_is_told_why_another_is_refused() {
    on_the_demo(|address| {
        for (number, view) in [DESK, NIGHT, PHONE].into_iter().enumerate() {
            let mut browser = Browser::start(view)?;
            browser.open(address)?;
            browser.until(IS_HEALTHY)?;
            browser.click("[data-name=Ada]")?;
            browser.until(MAY_WRITE)?;
            browser.click("#write .primary")?;
            browser.until(&answered(201))?;
            if number == 0 {
                let told = browser.evaluate("document.getElementById('outcome').innerText")?.to_string();
                ensure!(told.contains("the first message between Ada and Mia"), "{told}");
            }
            browser.click("#next button:last-child")?;
            browser.until(&answered(403))?;
            let told = browser.evaluate("document.getElementById('outcome').innerText")?.to_string();
            ensure!(told.contains("Allowed if") && told.contains("attendee_writes_to_mvp_dealers_only"), "{told}");
            // Whoever it went to sees it, and may answer.
            browser.click("[data-name=Mia]")?;
            browser.until("document.getElementById('inbox-title').textContent == \"Mia's inbox\"")?;
            browser.until("document.querySelector('#inbox .talk b')?.textContent == 'Ada'")?;
            // Nothing is wider than the screen.
            let spare = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
            ensure!(browser.evaluate(spare)? == true, "the page scrolls sideways at {view:?}");
            is_clean(&browser, address)?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_same_by_keyboard() {
    on_the_demo(|address| {
        let mut browser = Browser::start(DESK)?;
        browser.open(address)?;
        browser.until(IS_HEALTHY)?;
        browser.press("Tab")?;
        ensure!(browser.evaluate("document.activeElement.className")? == "skip", "the first stop leads to the content");
        browser.tab_to("[data-name=Ada]")?;
        browser.press(" ")?;
        browser.until(MAY_WRITE)?;
        browser.tab_to("#write .primary")?;
        browser.press("Enter")?;
        browser.until(&answered(201))?;
        browser.tab_to("#next button:last-child")?;
        browser.press("Enter")?;
        browser.until(&answered(403))?;
        // The pressed button is gone; one goes on from the answer, not from the top of the page.
        browser.until("document.activeElement.id == 'outcome-title'")?;
        browser.press("Tab")?;
        ensure!(browser.evaluate("document.activeElement.closest('#next') != null")? == true, "the next offer is next");
        is_clean(&browser, address)
    })
    .await;
}

#[tokio::test]
async fn the_explorer_calls_an_operation_as_the_signed_in_user() {
    on_the_demo(|address| {
        let mut browser = Browser::start(DESK)?;
        browser.open(address)?;
        browser.click("[data-name=Ada]")?;
        browser.until(MAY_WRITE)?;
        browser.evaluate("document.getElementById('api').scrollIntoView()")?;
        browser.until("document.getElementById('authorized').textContent.includes('Ada')")?;
        let path = "[...document.querySelectorAll('#explorer .opblock')].find((block) => \
             block.querySelector('.opblock-summary-path').dataset.path == '/functions/v1/conversations/unread')";
        browser.evaluate(&format!("({path}).id = 'unread'; 1"))?;
        browser.click("#unread .opblock-summary-control")?;
        browser.until("document.querySelector('#unread .execute') != null")?;
        browser.click("#unread .execute")?;
        let status = "document.querySelector('#unread .live-responses-table tbody .response-col_status')";
        browser.until(&format!("{status}?.innerText.startsWith('200') == true"))?;
        is_clean(&browser, address)
    })
    .await;
}

#[tokio::test]
async fn nothing_moves_while_the_page_loads() {
    on_the_demo(|address| {
        for view in [DESK, PHONE] {
            let mut browser = Browser::start(view)?;
            browser.open(address)?;
            browser.until(IS_HEALTHY)?;
            let shift = browser.evaluate(
                "new Promise((told) => {
                    let sum = 0;
                    new PerformanceObserver((list) => {
                        for (const entry of list.getEntries()) sum += entry.value;
                    }).observe({ type: 'layout-shift', buffered: true });
                    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => told(sum))));
                })",
            )?;
            ensure!(shift.as_f64().is_some_and(|shift| shift < 0.01), "{shift} at {view:?}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn on_a_database_of_ones_own_the_page_works_without_a_sign_in() {
    let stand = Stand::shared().await;
    let address = stand.runner().address().to_owned();
    tokio::task::spawn_blocking(move || -> Result<()> {
        let mut browser = Browser::start(DESK)?;
        browser.open(&address)?;
        browser.until(IS_HEALTHY)?;
        ensure!(browser.evaluate("document.querySelectorAll('[data-user]').length")? == 0);
        browser.evaluate("document.getElementById('api').scrollIntoView()")?;
        browser.until("document.querySelectorAll('#explorer .opblock').length > 20")?;
        is_clean(&browser, &address)
    })
    .await
    .unwrap()
    .unwrap();
}

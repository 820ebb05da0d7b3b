//! `make screenshots`: the page in a browser, as pictures for the README.

use anyhow::{Result, ensure};
use rolecall_e2e::{
    browser::{Browser, View},
    runner::{Runner, workspace},
};
use std::fs;

/// Pictures are small enough for a repository.
const MOST_BYTES: usize = 250_000;

fn main() -> Result<()> {
    let runner = Runner::start(&[], &[])?;
    for (name, dark) in [("page.png", false), ("page-dark.png", true)] {
        let mut browser = Browser::start(View { width: 1040, height: 900, dark })?;
        browser.open(runner.address())?;
        browser.until("document.getElementById('pill').dataset.state == 'ok'")?;
        browser.click("[data-name=Ada]")?;
        browser.until("!document.getElementById('write').disabled && document.getElementById('to').value != ''")?;
        browser.click("#write .primary")?;
        browser.until("document.querySelector('#outcome .badge')?.textContent.startsWith('201') == true")?;
        // The refusal is what sets it apart.
        browser.click("#next button:last-child")?;
        browser.until("document.querySelector('#outcome .badge')?.textContent.startsWith('403') == true")?;
        browser.evaluate("document.activeElement.blur(); scrollTo(0, 0)")?;
        // The beginnings of request and answer say enough in a picture.
        browser
            .evaluate("document.querySelectorAll('#wire pre').forEach((pre) => { pre.style.maxHeight = '6.5rem'; })")?;
        let height = browser.evaluate("document.querySelector('.bench').getBoundingClientRect().bottom + scrollY")?;
        // The answer's own scrolled layer is painted a frame later.
        browser.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")?;
        let picture = browser.picture(height.as_f64().unwrap_or(1000.0) as u32 + 24)?;
        ensure!(picture.len() < MOST_BYTES, "{name} has {} bytes", picture.len());
        fs::write(workspace().join("docs").join(name), &picture)?;
        println!("wrote docs/{name}, {} bytes", picture.len());
    }
    Ok(())
}

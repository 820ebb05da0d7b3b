//! Headless Chromium, driven over the DevTools protocol through pipes. Blocks: run it on a thread for blocking work.

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use rolecall_kit::{
    process::{Process, temporary_directory},
    wait::DEADLINE,
};
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// How the browser looks at the page.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The width in CSS pixels.
    pub width: u32,
    /// The height in CSS pixels.
    pub height: u32,
    /// Whether the user prefers dark pages.
    pub dark: bool,
}

/// A browser with one page.
#[derive(Debug)]
pub struct Browser {
    _process: Process,
    commands: File,
    messages: Receiver<Value>,
    session: Option<String>,
    last: u64,
    events: Vec<Value>,
}

/// The protocol comes and goes on the descriptors 3 and 4; both ends of a FIFO wait for each other.
const START: &str = r#"mkfifo commands messages && exec "$0" "$@" 3<commands 4>messages"#;

impl Browser {
    /// Starts `$CHROMIUM`, or `chromium`.
    ///
    /// # Errors
    /// It cannot be started, or does not answer.
    pub fn start(view: View) -> Result<Browser> {
        let program = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        let found = Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            bail!("{program} cannot be run: `make need-chromium` installs it on Debian, CHROMIUM names another");
        }
        let directory = temporary_directory()?;
        let profile = format!("--user-data-dir={}", directory.join("profile").display());
        let mut command = Command::new("sh");
        command.args(["-c", START, &program, "--headless", "--remote-debugging-pipe", "--no-first-run", &profile]);
        // Root has no sandbox; and what is looked at is our own page.
        command.args(["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]);
        command.args(["--disable-background-networking", "about:blank"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(command, &directory)?;
        let (commands, messages) = (directory.join("commands"), directory.join("messages"));
        let begun = Instant::now();
        while !messages.exists() {
            anyhow::ensure!(begun.elapsed() < DEADLINE, "the browser does not start");
            thread::sleep(Duration::from_millis(5));
        }
        let commands = OpenOptions::new().write(true).open(commands)?;
        let messages = BufReader::new(File::open(messages)?);
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for message in messages.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { break };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser =
            Browser { _process: process, commands, messages: receiver, session: None, last: 0, events: Vec::new() };
        browser.look(view)?;
        Ok(browser)
    }

    fn look(&mut self, View { width, height, dark }: View) -> Result<()> {
        let target = self.command("Target.createTarget", json!({"url": "about:blank"}))?;
        let attached = json!({"targetId": target["targetId"], "flatten": true});
        self.session = self.command("Target.attachToTarget", attached)?["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.command(&format!("{domain}.enable"), json!({}))?;
        }
        let mobile = width < 500;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.command("Emulation.setDeviceMetricsOverride", metrics)?;
        let scheme = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.command("Emulation.setEmulatedMedia", json!({"features": [scheme, still]}))?;
        Ok(())
    }

    /// Sends a command of the protocol; its result.
    ///
    /// # Errors
    /// The browser refuses it, or does not answer.
    pub fn command(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.last += 1;
        let mut command = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(command.to_string().as_bytes())?;
        self.commands.write_all(&[0])?;
        loop {
            let message = self.messages.recv_timeout(DEADLINE).with_context(|| format!("no answer to {method}"))?;
            if message["id"] != self.last {
                self.events.push(message);
            } else if message.get("error").is_some() {
                bail!("{method}: {}", message["error"]);
            } else {
                return Ok(message["result"].clone());
            }
        }
    }

    /// The value of a JavaScript expression; promises are awaited.
    ///
    /// # Errors
    /// It throws.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let result = self.command("Runtime.evaluate", parameters)?;
        match result.get("exceptionDetails") {
            Some(exception) => bail!("{expression}: {exception}"),
            None => Ok(result["result"]["value"].clone()),
        }
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// It never is.
    pub fn until(&mut self, expression: &str) -> Result<()> {
        let begun = Instant::now();
        while self.evaluate(expression)? != true {
            if begun.elapsed() > DEADLINE {
                let text = self.evaluate("document.body.innerText")?;
                bail!("waited in vain for {expression}; the page says {text}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Opens an address, and waits until everything that it loads is there.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&mut self, address: &str) -> Result<()> {
        self.command("Page.navigate", json!({"url": address}))?;
        self.until(&format!("location.href.startsWith({}) && document.readyState == 'complete'", json!(address)))
    }

    /// Clicks the middle of what a selector finds first, with the mouse.
    ///
    /// # Errors
    /// It finds nothing, or something else lies there.
    pub fn click(&mut self, selector: &str) -> Result<()> {
        let found = self.evaluate(&format!(
            "(() => {{
                const found = document.querySelector({0});
                if (!found) return null;
                found.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = found.getBoundingClientRect();
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                return found.contains(document.elementFromPoint(x, y)) ? {{ x, y }} : null;
            }})()",
            json!(selector)
        ))?;
        anyhow::ensure!(!found.is_null(), "{selector} cannot be clicked");
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": found["x"], "y": found["y"], "button": "left", "clickCount": 1});
            self.command("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    /// Presses `Tab`, `Enter` or a space.
    ///
    /// # Errors
    /// The browser does not take it.
    pub fn press(&mut self, key: &str) -> Result<()> {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            _ => ("Space", 32, " "),
        };
        let event =
            |kind| json!({"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text});
        self.command("Input.dispatchKeyEvent", event(if text.is_empty() { "rawKeyDown" } else { "keyDown" }))?;
        self.command(
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key, "code": code, "windowsVirtualKeyCode": number}),
        )?;
        Ok(())
    }

    /// Goes on by `Tab` until what a selector finds has the focus.
    ///
    /// # Errors
    /// It is not reached within a hundred steps.
    pub fn tab_to(&mut self, selector: &str) -> Result<()> {
        for _ in 0..100 {
            self.press("Tab")?;
            if self.evaluate(&format!("document.activeElement.matches({})", json!(selector)))? == true {
                return Ok(());
            }
        }
        bail!("{selector} is not reached by Tab")
    }

    /// The address of every request so far.
    pub fn requests(&self) -> Vec<&str> {
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["params"]["request"]["url"].as_str()).collect()
    }

    /// What went wrong so far: exceptions, and errors and warnings of the console, among them what the content security
    /// policy forbade.
    pub fn complaints(&self) -> Vec<String> {
        let is_bad = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Log.entryAdded") => {
                ["error", "warning"].iter().any(|level| event["params"]["entry"]["level"] == *level)
            }
            Some("Runtime.consoleAPICalled") => {
                ["error", "warning", "assert"].iter().any(|kind| event["params"]["type"] == *kind)
            }
            _ => false,
        };
        self.events.iter().filter(is_bad).map(|event| event["params"].to_string()).collect()
    }

    /// The page from its top to this height as a PNG.
    ///
    /// # Errors
    /// The browser takes no picture.
    pub fn picture(&mut self, height: u32) -> Result<Vec<u8>> {
        let width = self.evaluate("document.documentElement.clientWidth")?;
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let parameters = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.command("Page.captureScreenshot", parameters)?;
        Ok(STANDARD.decode(picture["data"].as_str().context("no picture")?)?)
    }
}

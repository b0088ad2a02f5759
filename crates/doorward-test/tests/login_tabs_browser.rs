//! Two tabs with one log-in form, in each engine: whoever signed in in the one and sends the other
//! is told what happened, and goes on from there.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Bank, Browser, Outcome};
use doorward_test::running_gate::{GateOptions, RunningGate};

/// A bank whose log-in form has no script: the gate writes the token into it.
const CONFIG: &str = "\
profile = \"authenticated\"
[layers.identity]
session = { cookie = \"session\", check = \"{{bank}}/whoami\", subject = \"$.id\" }
[layers.csrf]
forms = \"inject\"
[[route]]
path = \"/\"
kind = \"page\"
[[route]]
path = \"/login\"
profile = \"public\"
csrf = \"required\"
";

/// A bank and its gate.
struct Scene {
    bank: Bank,
    gate: RunningGate,
    home: String,
}

impl Scene {
    async fn start() -> Outcome<Self> {
        let bank = Bank::start().await?;
        let upstream = format!("http://{}", bank.address());
        let config = CONFIG.replace("{{bank}}", &upstream);
        let options =
            GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
        let gate = RunningGate::start(options).await?;
        let home = format!("http://api.shop.localhost:{}/", gate.address().port());
        Ok(Self { bank, gate, home })
    }

    async fn judged(&mut self, method: &str, code: Option<&str>) -> Outcome<()> {
        let line = self.gate.logged(method, "/login").await?;
        assert_eq!(line.code.as_deref(), code, "{method} /login: {line:?}");
        Ok(())
    }

    /// Sends the log-in form of the page that is open, and comes to the bank's own.
    async fn signs_in(&mut self, browser: &Browser) -> Outcome<()> {
        browser.click("#in").await?;
        browser.wait_for("#who").await?;
        assert_eq!(browser.text("#who").await?, "ann");
        self.judged("POST", None).await?;
        assert_eq!(self.bank.done(), ["POST /login ann"]);
        Ok(())
    }

    async fn two_tabs(&mut self, engine: EngineId) -> Outcome<()> {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        let client = browser.client();
        let login = format!("{}login", self.home);
        browser.open_page(&login).await?;
        self.judged("GET", None).await?;
        let first = client.window().await?;
        let second = client.new_window(true).await?.handle;
        client.switch_to_window(second.clone()).await?;
        browser.open_page(&login).await?;
        self.judged("GET", None).await?;
        client.switch_to_window(first).await?;
        self.signs_in(&browser).await?;

        client.switch_to_window(second).await?;
        browser.click("#in").await?;
        browser.wait_for("h1").await?;
        assert_eq!(browser.text("h1").await?, "This form has to be loaded again", "{engine}");
        self.judged("POST", Some("csrf/other-session")).await?;
        assert_eq!(self.bank.done(), [""; 0], "{engine}");
        // The link asks for the form, and sends nothing again.
        browser.click("a").await?;
        browser.wait_for("#in").await?;
        self.judged("GET", None).await?;
        self.signs_in(&browser).await?;
        browser.close().await
    }
}

#[tokio::test]
async fn a_form_that_stood_open_is_loaded_again_and_signs_in() -> Outcome<()> {
    let mut scene = Scene::start().await?;
    for engine in EngineId::ALL {
        scene.two_tabs(engine).await?;
    }
    scene.gate.stop().await
}

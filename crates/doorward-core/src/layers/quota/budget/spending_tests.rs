use super::super::{By, Path, Settings, Unit};
use super::*;
use crate::question::{Ask, Questions};
use crate::route::Routes;
use crate::visit::Caller;
use http::{HeaderMap, HeaderValue, StatusCode, header};

const NOW: Now = Now { steady_ns: 10_000_000_000, unix_s: 86_400 * 100 };

/// A store that grants until its limit is reached.
#[derive(Default)]
struct Till {
    taken: u64,
}

impl Till {
    fn answer(&mut self, questions: &Questions) -> Vec<Answer> {
        let one = |question: &Question| match question.ask {
            Ask::TakeFromWindow { limit, cost, .. } => {
                if self.taken + u64::from(cost) > u64::from(limit) {
                    return Answer::No { retry_ns: 5_000_000_000 };
                }
                self.taken += u64::from(cost);
                Answer::Yes { left: 0, reset_s: 0 }
            }
            Ask::Settle { taken, used, .. } => {
                self.taken = self.taken + u64::from(used) - u64::from(taken);
                Answer::Yes { left: 0, reset_s: 0 }
            }
            _ => panic!("a budget takes and settles: {question:?}"),
        };
        questions.iter().map(one).collect()
    }
}

/// A request with a prompt of ten tokens, for a budget of so many.
fn spending(limit: u32, change: fn(&mut Asked)) -> Box<Spending> {
    let budget =
        |unit| Budget { name: "ai".to_owned(), by: By::Everybody, window_s: 86_400, unit, limit };
    of(budget(Unit::Tokens), change)
}

fn of(budget: Budget, change: fn(&mut Asked)) -> Box<Spending> {
    let price =
        Price { input_pico_usd: 150_000, cached_pico_usd: Some(75_000), output_pico_usd: 600_000 };
    let prices = vec![("small".to_owned(), price)];
    let policy = Policy::new(&Settings { budgets: vec![budget], prices });
    let mut asked = Asked {
        model: "small".to_owned(),
        prompt_tokens_max: 10,
        said_tokens_max: None,
        tokens_max: 1000,
        is_stream: false,
    };
    change(&mut asked);
    let routes = Routes::new(vec![crate::make::default_route()]).expect("one route");
    let counted = Counted {
        caller: Caller::Program,
        client: [203, 0, 113, 7].into(),
        user: None,
        pass: None,
        identity: None,
        asked: None,
        route: routes.route(crate::route::DEFAULT_ROUTE),
    };
    Spending::new(&policy, &[0], Some(&asked), counted, false).expect("it spends")
}

fn stream(asked: &mut Asked) {
    asked.is_stream = true;
}

fn head(content_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers
}

/// Has it taken what it wants, and begun.
fn begun(spending: &mut Spending, till: &mut Till, content_type: &'static str) {
    let answers = till.answer(&spending.questions());
    assert!(spending.taken(&answers, NOW, &Spent::default()).is_none());
    assert_eq!(spending.begin(StatusCode::OK, &head(content_type)), Ok(()));
}

/// Carries on until more is wanted, or there is no more: what went out, and how it ended.
fn carry(spending: &mut Spending, till: &mut Till) -> (String, Next) {
    let mut out = String::new();
    for _ in 0..10_000 {
        if let Some(questions) = spending.wants() {
            let answers = till.answer(&questions);
            spending.answered(&answers, NOW, &Spent::default());
        }
        match spending.step() {
            Next::Pass(bytes) => out.push_str(&String::from_utf8_lossy(&bytes)),
            Next::Wait => {}
            end @ (Next::More | Next::End(_) | Next::Done) => return (out, end),
        }
    }
    panic!("it goes on for ever");
}

fn settle(spending: &mut Spending, till: &mut Till) {
    let questions = spending.settle(NOW, &Spent::default());
    till.answer(&questions);
    assert!(spending.settle(NOW, &Spent::default()).is_empty(), "it settles once");
}

fn event(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";

#[test]
fn a_whole_answer_costs_what_it_says() {
    for (body, want) in [
        (r#"{"usage":{"prompt_tokens":4,"completion_tokens":20}}"#, 24),
        (r#"{"usage":{"prompt_tokens":4,"completion_tokens":5000}}"#, 5004),
        (r#"{"usage":{"prompt_tokens":0,"completion_tokens":0}}"#, 0),
        // What cannot be, or is not there, costs what was taken.
        (r#"{"usage":{"prompt_tokens":-4,"completion_tokens":20}}"#, 1010),
        (r#"{"usage":{"prompt_tokens":4.5,"completion_tokens":20}}"#, 1010),
        (r#"{"usage":{"prompt_tokens":99999999999}}"#, 1010),
        (r#"{"usage":"4"}"#, 1010),
        (r#"{"choices":[{"message":{"content":"\"usage\":{\"total_tokens\":1}"}}]}"#, 1010),
        (r#"{"usage":{"total_tokens":1},"usage":{"total_tokens":2}}"#, 1010),
        (r#"{"usage":{"total_tokens":1}"#, 1010),
        ("", 1010),
    ] {
        let (mut spending, mut till) = (spending(10_000, |_| {}), Till::default());
        begun(&mut spending, &mut till, JSON);
        assert_eq!(till.taken, 1010);
        for piece in body.as_bytes().chunks(7) {
            spending.feed(Bytes::copy_from_slice(piece));
        }
        spending.finish(true);
        assert_eq!(carry(&mut spending, &mut till), (body.to_owned(), Next::Done));
        settle(&mut spending, &mut till);
        assert_eq!(till.taken, want, "{body}");
    }
}

#[test]
fn an_answer_is_heard_to_its_last_byte_though_nobody_asks_for_more() {
    let (mut spending, mut till) = (spending(10_000, |_| {}), Till::default());
    begun(&mut spending, &mut till, JSON);
    spending.feed(Bytes::from_static(b"{\"usage\":{\"total_tokens\":30}}"));
    assert_eq!(carry(&mut spending, &mut till).1, Next::More);
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 30);
}

#[test]
fn what_an_answer_lacks_is_never_less_than_what_went_on() {
    let (mut spending, mut till) = (spending(100_000, |_| {}), Till::default());
    begun(&mut spending, &mut till, JSON);
    spending.feed(Bytes::from(vec![b'a'; 3000]));
    spending.finish(true);
    assert_eq!(carry(&mut spending, &mut till).1, Next::Done);
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 3010);
}

#[test]
fn what_the_backend_refuses_is_free_and_what_fails_is_not() {
    for (status, want) in [(400, 0), (401, 0), (429, 0), (500, 1010), (302, 1010), (200, 1010)] {
        let (mut spending, mut till) = (spending(10_000, |_| {}), Till::default());
        let answers = till.answer(&spending.questions());
        assert!(spending.taken(&answers, NOW, &Spent::default()).is_none());
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(spending.begin(status, &head(JSON)), Ok(()));
        spending.feed(Bytes::from_static(b"{\"error\":{}}"));
        spending.finish(true);
        assert_eq!(carry(&mut spending, &mut till).1, Next::Done);
        settle(&mut spending, &mut till);
        assert_eq!(till.taken, want, "{status}");
    }
}

#[test]
fn a_stream_is_paid_for_in_slices_and_settled_by_its_last_chunk() {
    let (mut spending, mut till) = (spending(10_000, stream), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    assert_eq!(till.taken, 10 + 512, "the prompt, and the first slice");
    let mut sent = String::new();
    for number in 0..100 {
        let event = event(&format!("{number:020}"));
        spending.feed(Bytes::from(event.clone()));
        // Each goes on at once.
        assert_eq!(carry(&mut spending, &mut till), (event.clone(), Next::More));
        sent.push_str(&event);
        let paid = 10 + 20 * (number + 1);
        assert!(till.taken >= paid + 200 && till.taken <= paid + 1024, "{number}: {}", till.taken);
    }
    let last =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":500}}\n\n";
    spending.feed(Bytes::from(format!("{last}data: [DONE]\n\n")));
    spending.finish(true);
    let (out, end) = carry(&mut spending, &mut till);
    assert_eq!((out.as_str(), end), (&*format!("{last}data: [DONE]\n\n"), Next::Done));
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 507);
}

#[test]
fn a_stream_that_nothing_is_left_for_ends_with_an_event_that_says_so() {
    let (mut spending, mut till) = (spending(1_200, stream), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    let mut out = String::new();
    let end = loop {
        spending.feed(Bytes::from(event("0123456789")));
        let (passed, end) = carry(&mut spending, &mut till);
        out.push_str(&passed);
        if end != Next::More {
            break end;
        }
    };
    let Next::End(Some(last)) = end else { panic!("it says so: {end:?}") };
    let last = String::from_utf8(last.to_vec()).expect("text");
    assert!(last.starts_with("event: error\ndata: {") && last.ends_with("}\n\n"), "{last}");
    let data = last.split_once("data: ").expect("data").1;
    let said: serde_json::Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(said["error"]["code"], "quota/budget");
    assert!(out.ends_with("\n\n"), "whole events alone");
    let went_on = out.matches("content").count() as u64 * 10;
    assert!(went_on >= 500 && went_on + 10 <= till.taken && till.taken <= 1_200, "{went_on}");
    assert_eq!(spending.step(), Next::Done, "nothing follows");
    settle(&mut spending, &mut till);
    assert!(till.taken <= 1_200, "{}", till.taken);
}

#[test]
fn an_event_is_never_cut_in_the_midst_and_never_read_by_what_it_quotes() {
    let (mut spending, mut till) = (spending(10_000, stream), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    let whole = event("usage\\\":{\\\"prompt_tokens\\\":1}\\n\\ndata: {}");
    let (one, other) = whole.split_at(30);
    spending.feed(Bytes::from(one.to_owned()));
    assert_eq!(carry(&mut spending, &mut till), (String::new(), Next::More));
    spending.feed(Bytes::from(other.to_owned()));
    assert_eq!(carry(&mut spending, &mut till), (whole, Next::More));
    spending.finish(true);
    assert_eq!(carry(&mut spending, &mut till), (String::new(), Next::Done));
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 522, "nothing said what it cost, so what was taken stays");
}

#[test]
fn whoever_leaves_pays_for_what_went_on() {
    let (mut spending, mut till) = (spending(10_000, stream), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    spending.feed(Bytes::from(event("0123456789")));
    assert_eq!(carry(&mut spending, &mut till).1, Next::More);
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 20);
    // One whose answer has not even begun pays for all that was taken.
    let (mut spending, mut till) = (self::spending(10_000, stream), Till::default());
    let answers = till.answer(&spending.questions());
    assert!(spending.taken(&answers, NOW, &Spent::default()).is_none());
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 522);
}

#[test]
fn usage_counts_only_when_nothing_was_written_behind_it() {
    // Anthropic tells what came in first, and what went out last.
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":\
                 {\"input_tokens\":7,\"output_tokens\":1}}}\n\n";
    let delta = "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"abc\"}}\n\n";
    let end = "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n";
    for (events, is_whole, want) in [
        (&[start, delta, end][..], true, 22),
        (&[start, end], true, 22),
        (&[start, delta], true, 522),
        (&[start, delta], false, 10),
        (&[start], true, 8),
    ] {
        let (mut spending, mut till) = (spending(10_000, stream), Till::default());
        begun(&mut spending, &mut till, EVENTS);
        spending.feed(Bytes::from(events.concat()));
        assert_eq!(carry(&mut spending, &mut till).1, Next::More);
        if is_whole {
            spending.finish(true);
            assert_eq!(carry(&mut spending, &mut till).1, Next::Done);
        }
        settle(&mut spending, &mut till);
        assert_eq!(till.taken, want, "{events:?}");
    }
}

#[test]
fn a_stream_that_nobody_can_read_does_not_go_on() {
    let mut encoded = head(EVENTS);
    encoded.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let mut plain = head(EVENTS);
    plain.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    let begin = |change: fn(&mut Asked), headers: &HeaderMap| {
        spending(10_000, change).begin(StatusCode::OK, headers)
    };
    assert_eq!(begin(stream, &encoded), Err(Unreadable));
    assert_eq!(begin(stream, &plain), Ok(()));
    // What was paid for before it ran goes on, and costs all that was taken.
    assert_eq!(begin(|_| {}, &encoded), Ok(()));
}

#[test]
fn an_answer_that_does_not_stream_although_it_should_is_counted_too() {
    let (mut spending, mut till) = (spending(2_000, stream), Till::default());
    begun(&mut spending, &mut till, "text/plain");
    spending.feed(Bytes::from(vec![b'a'; 1_000]));
    assert_eq!(carry(&mut spending, &mut till).1, Next::More);
    spending.feed(Bytes::from(vec![b'a'; 1_000]));
    assert_eq!(carry(&mut spending, &mut till).1, Next::End(None), "it cannot say why");
    settle(&mut spending, &mut till);
    assert!((1_010..=2_000).contains(&till.taken), "{}", till.taken);
}

#[test]
fn a_request_that_bounds_its_answer_takes_no_more_than_that() {
    let small = |asked: &mut Asked| {
        asked.is_stream = true;
        (asked.said_tokens_max, asked.tokens_max) = (Some(100), 100);
    };
    let (mut spending, mut till) = (spending(110, small), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    assert_eq!(till.taken, 110);
    // A hundred tokens may well have a thousand bytes.
    spending.feed(Bytes::from(event(&"a".repeat(1_000))));
    assert_eq!(carry(&mut spending, &mut till).1, Next::More);
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 110);
}

#[test]
fn a_store_that_is_away_ends_a_stream_where_it_is_not_paid_for() {
    let (mut spending, mut till) = (spending(10_000, stream), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    for _ in 0..60 {
        spending.feed(Bytes::from(event("0123456789")));
    }
    let mut passed = 0;
    let end = loop {
        if spending.wants().is_some() {
            spending.answered(&[Answer::Unavailable], NOW, &Spent::default());
        }
        match spending.step() {
            Next::Pass(_) => passed += 1,
            Next::End(Some(last)) => break String::from_utf8(last.to_vec()).expect("text"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(passed, 51, "what was paid for went on");
    assert!(end.contains("quota/store-away"), "{end}");
}

#[test]
fn money_and_what_the_backend_says_are_counted_too() {
    let money = Budget {
        name: "money".to_owned(),
        by: By::Address,
        window_s: 86_400,
        unit: Unit::Money,
        limit: 200_000,
    };
    let mut till = Till::default();
    let mut spending = of(money, |_| {});
    begun(&mut spending, &mut till, JSON);
    // 10 tokens at 0.15 and 1,000 at 0.60 dollars for a million.
    assert_eq!(till.taken, 61);
    spending.feed(Bytes::from_static(
        b"{\"usage\":{\"prompt_tokens\":1000000,\"completion_tokens\":100000}}",
    ));
    spending.finish(true);
    assert_eq!(carry(&mut spending, &mut till).1, Next::Done);
    settle(&mut spending, &mut till);
    assert_eq!(till.taken, 15_000 + 6_000);

    let usage = Path::parse("$.meta.cost").expect("a path");
    let unit = Unit::Said { usage, reserve: 50 };
    let said =
        Budget { name: "said".to_owned(), by: By::Everybody, window_s: 60, unit, limit: 100 };
    for (body, want) in [
        (r#"{"meta":{"cost":7}}"#, 7),
        (r#"{"meta":{"cost":70}}"#, 70),
        (r#"{"meta":{"cost":0}}"#, 0),
        (r#"{"meta":{"cost":-7}}"#, 50),
        (r#"{"meta":{"cost":0.5}}"#, 50),
        (r#"{"meta":{"cost":"7"}}"#, 50),
        (r#"{"cost":7}"#, 50),
        ("<p>", 50),
    ] {
        let mut till = Till::default();
        let mut spending = of(said.clone(), |_| {});
        begun(&mut spending, &mut till, JSON);
        assert_eq!(till.taken, 50);
        spending.feed(Bytes::from(body));
        spending.finish(true);
        assert_eq!(carry(&mut spending, &mut till).1, Next::Done);
        settle(&mut spending, &mut till);
        assert_eq!(till.taken, want, "{body}");
    }
}

#[test]
fn a_model_without_a_price_costs_more_than_there_is() {
    let money = Budget {
        name: "money".to_owned(),
        by: By::Everybody,
        window_s: 86_400,
        unit: Unit::Money,
        limit: u32::MAX - 1,
    };
    let spending = of(money, |asked| asked.model = "unheard-of".to_owned());
    assert_eq!(
        Till::default().answer(&spending.questions()),
        [Answer::No { retry_ns: 5_000_000_000 }]
    );
}

#[test]
fn a_stream_over_midnight_gives_nothing_back_to_the_new_day_that_the_old_one_paid() {
    let (mut spending, mut till) = (spending(10_000, stream), Till::default());
    begun(&mut spending, &mut till, EVENTS);
    for _ in 0..40 {
        spending.feed(Bytes::from(event("0123456789")));
    }
    // Behind midnight more is taken: of the new day.
    let later = NOW.later_s(86_400);
    while let Next::Pass(_) = spending.step() {
        if let Some(questions) = spending.wants() {
            let [question] = &questions[..] else { panic!("one budget") };
            let Ask::TakeFromWindow { cost, .. } = question.ask else { panic!("it takes") };
            assert!(cost > 0);
            spending.answered(&till.answer(&questions), later, &Spent::default());
        }
    }
    let all = till.taken;
    let settled = spending.settle(later, &Spent::default());
    let [Question { ask: Ask::Settle { taken, used, age_s, .. }, .. }] = settled[..] else {
        panic!("one budget: {settled:?}");
    };
    assert_eq!(u64::from(taken), all - 522, "what the new day was charged");
    assert_eq!((used, age_s), (0, 0), "410 tokens are less than the old day was charged");
}

#[test]
fn counts_are_of_budgets() {
    let spent = Spent::default();
    let (mut spending, mut till) = (spending(1_100, |_| {}), Till::default());
    let answers = till.answer(&spending.questions());
    assert!(spending.taken(&answers, NOW, &spent).is_none());
    let mut second = self::spending(1_100, |_| {});
    let answers = till.answer(&second.questions());
    let beyond = second.taken(&answers, NOW, &spent).expect("nothing is left");
    assert_eq!((beyond.reason, beyond.retry_ns), (Reason::Budget, Some(5_000_000_000)));
    assert_eq!(spending.begin(StatusCode::OK, &head(JSON)), Ok(()));
    spending.feed(Bytes::from_static(b"{\"usage\":{\"total_tokens\":30}}"));
    spending.finish(true);
    carry(&mut spending, &mut till);
    drop(spending.settle(NOW, &spent));
    let counts = super::super::Counts { reserved: 1010, spent: 30, refused: 1, cut: 0 };
    assert_eq!(spent.all(), [("ai".to_owned(), counts)]);
}

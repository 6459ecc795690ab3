"""A page that is slow to read the answers to its events: none is lost, and no more connections are open than one."""

import pytest

from playground.theme import HERE

pytestmark = pytest.mark.browser

# A server in the page's place: a list of streams to write to, and events that are joined by name.
SERVER = """
window.streams = [];
window.fetch = async (target) => {
  const url = target.url ?? target;
  if (url.includes("?refused")) return new Response("no", { status: 503 });
  if (url.includes("?later")) await window.rest();
  if (!url.includes("/queue/data")) return new Response(JSON.stringify({ event_id: url.split("?")[1] }));
  const stream = {};
  const body = new ReadableStream({ start: (sink) => { stream.sink = sink; } });
  stream.say = (message) => stream.sink.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(message)}\\n\\n`));
  window.streams.push(stream);
  return new Response(body);
};
"""
# The page in the place of Gradio's: it keeps what it reads.
PAGE = """
window.told = [];
window.join = (event) => fetch(`${location.href}gradio_api/queue/join?${event}`);
window.listen = async () => {
  const parts = (await fetch("http://page/gradio_api/queue/data")).body.pipeThrough(new TextDecoderStream()).getReader();
  try { for (let part; !(part = await parts.read()).done;) window.told.push(part.value); } catch { window.told.push("broken"); }
};
window.rest = () => new Promise((go) => setTimeout(go, 20));
"""


@pytest.fixture
def page(browser):
    page = browser.new_context().new_page()
    page.route("http://page/**", lambda route: route.fulfill(body="<p>a page</p>", content_type="text/html"))
    page.goto("http://page/")
    for script in (SERVER, (HERE / "answers.js").read_text(encoding="utf-8"), PAGE):
        page.add_script_tag(content=script)
    return page


def test_an_event_that_is_sent_into_an_ended_stream_gets_its_answer(page):
    told = page.evaluate("""async () => {
      await join("one"); listen(); await rest();
      streams[0].say({ msg: "process_completed", event_id: "one" });
      streams[0].say({ msg: "close_stream" });
      await join("two");  // the page has not read of the end
      streams[0].sink.close(); await rest();
      streams[1].say({ msg: "process_completed", event_id: "two" }); await rest();
      return told.join("");
    }""")
    assert [word in told for word in ('"one"', '"two"', "close_stream")] == [True, True, False]


def test_nothing_is_asked_for_when_all_is_answered(page):
    counts = page.evaluate("""async () => {
      await join("one"); listen(); await rest();
      streams[0].say({ msg: "process_completed", event_id: "one" });
      streams[0].say({ msg: "process_completed", event_id: "two" }); await rest();
      await join("two");  // its answer was quicker than the page knew its name
      streams[0].sink.close(); await rest();
      const idle = streams.length;
      await Promise.all([join("three"), join("four")]); await rest();
      return [idle, streams.length];
    }""")
    assert counts == [1, 2]


def test_a_message_that_comes_in_pieces_is_read_as_one(page):
    told = page.evaluate("""async () => {
      await join("one"); listen(); await rest();
      const bytes = new TextEncoder().encode('data: {"msg":"process_completed","event_id":"one","words":"\u00e4"}\\n\\n');
      for (const byte of bytes) streams[0].sink.enqueue(new Uint8Array([byte]));
      await rest(); streams[0].sink.close(); await rest();
      return [told.join(""), streams.length];
    }""")
    assert told[0].count("data:") == 1
    assert "ä" in told[0]
    assert told[1] == 1


def test_a_connection_that_breaks_is_told_to_the_page_and_opened_anew_when_it_asks(page):
    told = page.evaluate("""async () => {
      await join("one"); listen(); await rest();
      streams[0].sink.error(new Error("gone")); await rest();
      await join("two"); listen(); await rest();
      streams[1].say({ msg: "process_completed", event_id: "two" }); await rest();
      return told;
    }""")
    assert told[0] == "broken"
    assert '"two"' in told[1]


@pytest.mark.parametrize("first", ["one", "later"])
def test_nothing_is_shown_before_the_page_has_arrived(page, first):
    told = page.evaluate(
        """async (first) => {
          const named = join(first); await join("two"); listen();
          await rest(); if (first !== "later") await named;
          streams[0].say({ msg: "process_generating", event_id: "two", words: 1 });
          streams[0].say({ msg: "process_completed", event_id: "two" });
          await rest(); const early = told.join("");
          streams[0].say({ msg: "process_completed", event_id: first }); await rest();
          streams[0].say({ msg: "process_generating", event_id: "three" }); await rest();
          return [early, told.join("")];
        }""",
        first,
    )
    assert told[0] == ""
    places = [told[1].find(sign) for sign in (f'"{first}"', '"process_generating","event_id":"two"', '"three"')]
    assert places == sorted(places)
    assert places[0] > 0


def test_an_arrival_that_is_refused_holds_nothing_back(page):
    told = page.evaluate("""async () => {
      await join("refused"); await join("two"); listen(); await rest();
      streams[0].say({ msg: "process_completed", event_id: "two" }); await rest();
      return told.join("");
    }""")
    assert '"two"' in told

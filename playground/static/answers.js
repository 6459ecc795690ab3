// Runs before the page. Gradio's server ends the stream of answers when it has answered all events. A page that is slow to read
// of that end would wait for its next answer in the ended stream, and for ever. So the page reads one stream that never ends, and
// connections are opened here for as long as an event waits for its answer.
// The first event brings the page as the browser left it. Whoever begins a story before it is answered has their answers behind
// that one: the empty page would lie over the story otherwise, without a button to stop it.
(() => {
  const connect = window.fetch;
  const waiting = new Set(), early = new Set(); // events without their answer; answers that came before their event was known
  const encoder = new TextEncoder();
  let page = null; // what the page reads from: its request, and where to put what arrives
  let isConnected = false;
  let isNew = true, arrival = null; // whether nothing was asked for yet; the first event, until it is answered
  const UNNAMED = "-", held = []; // an event whose name is on its way; messages of others

  const pass = (message) => {
    if (message.includes('"msg":"close_stream"')) return; // quotes within a value are escaped, so this is no reader's text
    const [, event] = message.match(/"event_id":"(\w+)"/) || [];
    if (arrival && event && event !== arrival) { held.push(message); return; }
    const isAnswer = message.includes('"msg":"process_completed"'), isFailure = message.includes('"msg":"unexpected_error"');
    if (isAnswer && event && !waiting.delete(event)) early.add(event);
    if (isFailure) waiting.clear(); // the page is told so for all its events
    page?.sink.enqueue(encoder.encode(`${message}\n\n`));
    if (arrival && (isAnswer || isFailure)) setArrival(null);
  };
  const setArrival = (event) => {
    arrival = event;
    held.splice(0).forEach(pass);
  };
  const read = async (request) => {
    const response = await connect(request.clone());
    if (!response.ok) throw new Error(response.statusText);
    const parts = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = "", part; !(part = await parts.read()).done;) {
      const messages = (rest + part.value).split("\n\n");
      rest = messages.pop();
      messages.forEach(pass);
    }
  };
  const follow = async () => {
    if (isConnected) return;
    isConnected = true;
    const own = page;
    try {
      while (page === own && own && waiting.size) await read(own.request);
    } catch (error) {
      waiting.clear();
      setArrival(null);
      if (page === own) page = null;
      own.sink.error(error); // the page says so, and tries to come back
    }
    isConnected = false;
    if (page !== own) follow();
  };
  const open = (request) => {
    const body = new ReadableStream({ start: (sink) => { page = { request, sink }; } });
    const own = page;
    request.signal.addEventListener("abort", () => {
      if (page === own) page = null;
    });
    follow();
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };

  window.fetch = async (target, options) => {
    const { pathname } = new URL(target.url ?? target, location.href);
    if (pathname.endsWith("/queue/data")) return open(new Request(target, options));
    if (!pathname.endsWith("/queue/join")) return connect(target, options);
    const isFirst = isNew;
    let event = null;
    if (isFirst) [isNew, arrival] = [false, UNNAMED];
    try {
      const response = await connect(target, options);
      if (response.ok) ({ event_id: event } = await response.clone().json());
      return response;
    } finally {
      if (event && !early.delete(event)) waiting.add(event);
      if (isFirst) setArrival(event);
      if (event) follow();
    }
  };
})();

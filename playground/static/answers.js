// Runs before the page. Gradio's server ends the stream of answers when it has answered all events. A page that is slow to read
// of that end would wait for its next answer in the ended stream, and for ever. So the page reads one stream that never ends, and
// connections are opened here for as long as an event waits for its answer.
(() => {
  const connect = window.fetch;
  const waiting = new Set(), early = new Set(); // events without their answer; answers that came before their event was known
  const encoder = new TextEncoder();
  let page = null; // what the page reads from: its request, and where to put what arrives
  let isConnected = false;

  const pass = (message) => {
    if (message.includes('"msg":"close_stream"')) return; // quotes within a value are escaped, so this is no reader's text
    if (message.includes('"msg":"process_completed"')) {
      const [, event] = message.match(/"event_id":"(\w+)"/) || [];
      if (event && !waiting.delete(event)) early.add(event);
    } else if (message.includes('"msg":"unexpected_error"')) waiting.clear(); // the page is told so for all its events
    page?.sink.enqueue(encoder.encode(`${message}\n\n`));
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
    const response = await connect(target, options);
    if (response.ok && pathname.endsWith("/queue/join")) {
      const { event_id: event } = await response.clone().json();
      if (event && !early.delete(event)) waiting.add(event);
      follow();
    }
    return response;
  };
})();

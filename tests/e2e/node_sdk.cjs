// OpenAI's SDK for Node against one server: runs the scenario that argv names, writes what came as one JSON line.
// argv: base URL, key, model, scenario. The SDK is found by NODE_PATH.
"use strict";
const OpenAI = require("openai");

const [baseURL, apiKey, model, scenario] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const ask = { model, messages: [{ role: "user", content: "Hello" }] };
const streamed = { ...ask, stream: true, stream_options: { include_usage: true } };

const scenarios = {
  async whole() {
    const reply = await client.chat.completions.create(ask);
    const [choice] = reply.choices;
    return { text: choice.message.content, finish: choice.finish_reason, usage: reply.usage };
  },

  async streaming() {
    const said = { text: "", pieces: 0, finish: null, usage: null };
    for await (const chunk of await client.chat.completions.create(streamed)) {
      const piece = chunk.choices[0]?.delta.content;
      said.text += piece ?? "";
      said.pieces += piece ? 1 : 0;
      said.finish = chunk.choices[0]?.finish_reason ?? said.finish;
      said.usage = chunk.usage ?? said.usage;
    }
    return said;
  },

  async tools() {
    const ran = [];
    const add = {
      type: "function",
      function: {
        name: "add",
        description: "Adds two numbers.",
        parameters: { type: "object", properties: { a: { type: "integer" }, b: { type: "integer" } }, required: ["a", "b"] },
        parse: JSON.parse,
        function: ({ a, b }) => { ran.push([a, b]); return String(a + b); },
      },
    };
    const runner = client.chat.completions.runTools({ ...streamed, tools: [add] });
    return { text: await runner.finalContent(), ran, usage: await runner.totalUsage() };
  },

  async cancel() {
    const stream = await client.chat.completions.create(streamed);
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) stream.controller.abort();
    }
    return { aborted: stream.controller.signal.aborted };
  },
};

scenarios[scenario]().then(
  (said) => console.log(JSON.stringify(said)),
  (error) => console.log(JSON.stringify({ error: error.constructor.name, status: error.status ?? null, code: error.code ?? null, message: error.message })),
);

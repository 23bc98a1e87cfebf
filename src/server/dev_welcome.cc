#include "server/dev_welcome.h"

#include <fmt/format.h>

namespace tidemill::server {
namespace {

// Blocks begin at the first column, so that they can be copied into a file.
constexpr std::string_view kText = R"(
Tidemill is running. Open the demo in two tabs: {page}/
The documentation is beside it: {page}/docs/
{of_console}{of_chat}{of_rest}
A token for a client (user "you", one day):

{token}

== JavaScript, in a browser or in Node 22 or newer (npm install centrifuge):

import {{ Centrifuge }} from 'centrifuge';
const client = new Centrifuge('{websocket}', {{
  token: '{token}',
}});
client.on('error', (ctx) => console.error('error:', ctx.error.message));
client.on('disconnected', (ctx) => console.error('disconnected:', ctx.code, ctx.reason));
const chat = client.newSubscription('{channel}');
chat.on('error', (ctx) => console.error('error:', ctx.error.message));
chat.on('publication', (ctx) => console.log(ctx.data));
chat.subscribe();
client.connect();

== Python, from your backend (pip install cent):

from cent import Client, PublishRequest
api = Client('{api}', '{api_key}')
api.publish(PublishRequest(channel='{channel}', data={{'text': 'Hello from Python'}}))

== curl:

curl {api}/publish -H 'X-API-Key: {api_key}' \
     -d '{{"channel": "{channel}", "data": {{"text": "Hello from curl"}}}}'

{of_jobs}== A terminal beside this one; each in its own, with `tidemill` on PATH:

tidemill tail {channel}{tail_options}
tidemill publish {channel} '{{"text": "Hello from a terminal"}}'{publish_options}

{of_pages}
{of_keys}
Ctrl-C stops.

)";

constexpr std::string_view kJobs =
    R"jobs(== Jobs: push one, then a worker for it; here in Node (npm install faktory-worker):

export FAKTORY_URL={faktory}
node -e "require('faktory-worker').connect().then(c => c.job('hi', 'Ada').push()).then(() => process.exit())"
node -e "f = require('faktory-worker'); f.register('hi', (name) => console.log('Hello', name)); f.work()"

)jobs";

// Where the chat is, or the link that makes its owner: whoever opens that first.
std::string OfChat(const DevWelcome& welcome) {
  if (!welcome.owner_link.empty()) {
    return fmt::format("{}, whose owner you become here: {}\n",
                       welcome.chat.empty() ? "Accounts" : "A chat for your team", welcome.owner_link);
  }
  return welcome.chat.empty() ? "" : fmt::format("The chat of your team: {}\n", welcome.chat);
}

}  // namespace

std::string ToText(const DevWelcome& welcome) {
  const std::string of_rest = welcome.rest.empty()
                                  ? ""
                                  : fmt::format(
                                        "Your SQL endpoints, to be tried: {}/\n"
                                        "And those with @chart, drawn and live: {}#token={}\n",
                                        welcome.rest, welcome.dashboards, welcome.token);
  const std::string of_console =
      welcome.console.empty() ? "" : fmt::format("The console, to see and to act: {}\n", welcome.console);
  const std::string of_jobs =
      welcome.faktory.empty() ? "" : fmt::format(kJobs, fmt::arg("faktory", welcome.faktory));
  return fmt::format(kText, fmt::arg("page", welcome.page), fmt::arg("of_console", of_console),
                     fmt::arg("of_rest", of_rest), fmt::arg("of_chat", OfChat(welcome)),
                     fmt::arg("of_jobs", of_jobs), fmt::arg("websocket", welcome.websocket),
                     fmt::arg("api", welcome.api), fmt::arg("token", welcome.token),
                     fmt::arg("api_key", welcome.api_key), fmt::arg("channel", welcome.channel),
                     fmt::arg("tail_options", welcome.tail_options),
                     fmt::arg("publish_options", welcome.publish_options),
                     fmt::arg("of_pages", welcome.of_pages), fmt::arg("of_keys", welcome.of_keys));
}

}  // namespace tidemill::server

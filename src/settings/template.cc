#include "settings/template.h"

#include <fmt/format.h>

#include "config/print.h"
#include "config/schema.h"
#include "settings/settings.h"

namespace tidemill::settings {
namespace {

constexpr std::string_view kDefaultBegin =
    R"(# Every setting of Tidemill with its default. What is left out keeps it; `tidemill init` writes less.
# Above each: what it means, its type, what is accepted; ↻ marks what a reload (SIGHUP) takes over, the rest
# needs a restart. A duration is written "25s", "1h30m" or "250ms".
)";

constexpr std::string_view kDefaultEnd = R"(
# A namespace: its rules are for the channels "chat:…". Its options are those of [channel.without_namespace];
# what it leaves out has the default, not what stands there. There may be many.
#[[channel.namespaces]]
#name = "chat"
#allow_subscribe_for_client = true
#history_size = 100
#history_ttl = "10m"
)";

constexpr std::string_view kStarter =

    R"(# A server of your own. `tidemill config default` prints every setting and what it means.
# This file holds secrets: let only the server read it.

[http_server]
# Where clients and the API are served; ":8000" is every address of this machine.
listen = ["127.0.0.1:8000"]

[client]
# Pages of these sites may connect, besides those that the server's own address serves.
#allowed_origins = ["https://app.example.com", "http://localhost:5173"]

[client.token]
# Your backend signs the tokens of clients with it (JWT, HS256); so does `tidemill token create`.
hmac_secret_key = "{token_key}"

[http_api]
# Your backend sends it as X-API-Key; so does `tidemill publish`.
key = ["{api_key}"]

# The rules of the channels "chat:…": whoever has a token may follow, publish, and see who is there.
# Add a namespace for each kind of channel.
[[channel.namespaces]]
name = "chat"
allow_subscribe_for_client = true
allow_publish_for_subscriber = true
allow_history_for_subscriber = true
allow_presence_for_subscriber = true
presence = true
history_size = 100
history_ttl = "10m"
)";

}  // namespace

std::string DefaultToml() {
  return fmt::format("{}{}{}", kDefaultBegin, config::PrintDocumentedDefaults(AllSections()), kDefaultEnd);
}

std::string StarterToml(const FreshSecrets& secrets) {
  return fmt::format(kStarter, fmt::arg("token_key", secrets.token_key),
                     fmt::arg("api_key", secrets.api_key));
}

}  // namespace tidemill::settings

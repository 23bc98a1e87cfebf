#include "server/chat_page.h"

#include <string>

#include "base/json_writer.h"
#include "server/page.h"
#include "server/version.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char kHtml[] = {
#embed "../../web/chat/dist/index.html"
};
constexpr char kScript[] = {
#embed "../../web/chat/dist/chat.js"
};
constexpr char kStyle[] = {
#embed "../../web/chat/dist/chat.css"
};
constexpr char kEmoji[] = {
#embed "../../web/chat/dist/emoji.json"
};
#pragma clang diagnostic pop

// What people write is cleaned before it becomes markup; what came through all the same could run nothing,
// send nothing elsewhere, load nothing from elsewhere, and be shown in no frame.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify";

constexpr http::EmbeddedFile kFiles[] = {
    {"/", "text/html; charset=utf-8", http::Embedded(kHtml)},
    {"/chat.js", "text/javascript; charset=utf-8", http::Embedded(kScript)},
    {"/chat.css", "text/css; charset=utf-8", http::Embedded(kStyle)},
    {"/emoji.json", "application/json", http::Embedded(kEmoji)},
};

std::string ConfigJson(const settings::Settings& settings) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("version", kVersion);
  json.Member("websocket", settings.websocket.handler_prefix);
  json.EndObject();
  return text;
}

}  // namespace

void AddChatPageRoutes(http::Router& router, const settings::Settings& settings) {
  AddPage(router, {.path = "/chat", .files = kFiles, .policy = kPolicy, .config = ConfigJson(settings)});
}

}  // namespace tidemill::server

#include "websocket/handshake.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.h"
#include "base/base64.h"
#include "http/origin.h"

namespace tidemill::websocket {
namespace {

constexpr std::string_view kVersion = "13";
constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3

// Every value sent under `name`, joined as one list (RFC 9110 section 5.3).
struct Values {
  std::size_t count = 0;
  std::string joined;
};

Values Find(const http::Request& request, std::string_view name) {
  Values values;
  for (const http::HeaderView& header : request.headers) {
    if (!EqualIgnoringCase(header.name, name)) continue;
    if (values.count++ > 0) values.joined += ", ";
    values.joined += header.value;
  }
  return values;
}

// Subprotocols are compared with case, unlike other tokens of headers.
bool Lists(std::string_view list, std::string_view subprotocol) {
  while (!list.empty()) {
    const std::string_view element = list.substr(0, list.find(','));
    if (TrimBlanks(element) == subprotocol) return true;
    list.remove_prefix(std::min(list.size(), element.size() + 1));
  }
  return false;
}

// 16 bytes in base64: 22 letters and the padding.
bool IsKey(std::string_view key) {
  const auto is_letter = [](char c) { return IsLetter(c) || IsDigit(c) || c == '+' || c == '/'; };
  return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), is_letter);
}

http::Response Refuse(int status, std::string why) {
  http::Response response = http::Response::Text(status, std::move(why));
  response.close = true;
  return response;
}

http::Response WrongVersion() {
  http::Response response = Refuse(426, "WebSocket version 13 is spoken here\n");
  response.headers.emplace_back("Upgrade", "websocket");
  response.headers.emplace_back("Sec-WebSocket-Version", kVersion);
  return response;
}

// Everything that is not negotiated (RFC 6455 section 4.2.1); nullopt: it is in order.
std::optional<http::Response> Check(const http::Request& request, std::span<const std::string> origins) {
  if (request.method != http::Method::kGet) {
    http::Response response = Refuse(405, "a WebSocket opens with GET\n");
    response.headers.emplace_back("Allow", "GET");
    return response;
  }
  if (request.version_minor < 1) return Refuse(400, "a WebSocket needs HTTP/1.1\n");
  if (!request.HeaderHasToken("Upgrade", "websocket")) {
    return Refuse(400, "this is a WebSocket endpoint: Upgrade: websocket is missing\n");
  }
  if (!request.HeaderHasToken("Connection", "upgrade")) {
    return Refuse(400, "Connection: Upgrade is missing\n");
  }
  const Values length = Find(request, "Content-Length");
  const bool has_length = length.count > 0 && length.joined != "0";
  if (!request.body.empty() || has_length || Find(request, "Transfer-Encoding").count > 0) {
    return Refuse(400, "a WebSocket request has no body\n");
  }
  const Values version = Find(request, "Sec-WebSocket-Version");
  if (version.count != 1) return Refuse(400, "Sec-WebSocket-Version is missing or repeated\n");
  if (version.joined != kVersion) return WrongVersion();
  const Values key = Find(request, "Sec-WebSocket-Key");
  if (key.count != 1 || !IsKey(key.joined)) {
    return Refuse(400, "Sec-WebSocket-Key is missing, repeated or not 16 bytes in base64\n");
  }
  const Values origin = Find(request, "Origin");
  const Values host = Find(request, "Host");
  const bool foreign = origin.count > 0 && !http::OriginAllowed(origin.joined, host.joined, origins);
  if (origin.count > 1 || foreign) return Refuse(403, "this origin is not allowed\n");
  return std::nullopt;
}

std::string_view ChooseSubprotocol(std::string_view offered, std::span<const std::string_view> ours) {
  for (const std::string_view subprotocol : ours) {
    if (Lists(offered, subprotocol)) return subprotocol;
  }
  return {};
}

}  // namespace

std::string AcceptKey(std::string_view key) {
  std::string text(key);
  text += kKeySuffix;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return Base64Encode({reinterpret_cast<const char*>(digest.data()), digest.size()}, Base64::kStandard);
}

std::expected<Handshake, http::Response> AcceptHandshake(const http::Request& request,
                                                         const HandshakeOptions& options) {
  if (auto refusal = Check(request, options.allowed_origins)) return std::unexpected(*std::move(refusal));
  const auto offers = ParseExtensions(Find(request, "Sec-WebSocket-Extensions").joined);
  if (!offers) return std::unexpected(Refuse(400, "Sec-WebSocket-Extensions is malformed\n"));

  Handshake handshake;
  std::string extensions;
  if (options.deflate) {
    handshake.deflate = NegotiateDeflate(*offers, options.deflate_window_bits_min, extensions);
  }
  handshake.subprotocol =
      ChooseSubprotocol(Find(request, "Sec-WebSocket-Protocol").joined, options.subprotocols);

  std::string& response = handshake.response;
  response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  response += "Sec-WebSocket-Accept: " + AcceptKey(Find(request, "Sec-WebSocket-Key").joined) + "\r\n";
  if (!handshake.subprotocol.empty()) {
    response += "Sec-WebSocket-Protocol: " + handshake.subprotocol + "\r\n";
  }
  if (!extensions.empty()) response += "Sec-WebSocket-Extensions: " + extensions + "\r\n";
  response += "\r\n";
  return handshake;
}

}  // namespace tidemill::websocket

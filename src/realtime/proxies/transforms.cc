#include "realtime/proxies/transforms.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/json.h"
#include "http/grammar.h"
#include "realtime/control/actions.h"

namespace tidemill::proxies {
namespace {

bool IsShortAscii(std::string_view text) {
  return text.size() <= control::kDisconnectReasonBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

ErrorText ReadError(JsonReader& json) {
  ErrorText error;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") error.code = json.ReadInteger<std::uint32_t>();
    if (*key == "message") error.message = json.ReadString();
    if (*key == "temporary") error.temporary = json.ReadBool();
  }
  return error;
}

DisconnectText ReadDisconnect(JsonReader& json) {
  DisconnectText disconnect;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") disconnect.code = json.ReadInteger<std::uint32_t>();
    if (*key == "reason") disconnect.reason = json.ReadString();
  }
  return disconnect;
}

// What is wrong with it; "": nothing.
std::string_view Fault(int status, const ErrorText& error, const DisconnectText& disconnect) {
  if (status < 100 || status > 599) return "status_code must be a status of HTTP";
  if (status == 200) return "status_code 200 is an answer and cannot be another thing";
  if ((error.code == 0) == (disconnect.code == 0))
    return "needs either to_error or to_disconnect with a code";
  if (disconnect.code != 0 && !control::IsDisconnectCode(disconnect.code)) {
    return "the code of to_disconnect must be 3000 to 4999";
  }
  if (!IsShortAscii(error.message) || !IsShortAscii(disconnect.reason)) {
    return "a message or reason must be ASCII of at most 123 bytes";
  }
  return "";
}

}  // namespace

Result<std::vector<StatusTransform>> ReadTransforms(std::string_view text) {
  std::vector<StatusTransform> transforms;
  JsonReader json(text);
  json.EnterArray();
  while (json.NextElement()) {
    int status = 0;
    ErrorText error;
    DisconnectText disconnect;
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "status_code") {
        status = json.ReadInteger<int>();
      } else if (*key == "to_error") {
        error = ReadError(json);
      } else if (*key == "to_disconnect") {
        disconnect = ReadDisconnect(json);
      }
    }
    if (!json.ok()) break;
    if (const std::string_view fault = Fault(status, error, disconnect); !fault.empty()) {
      return Fail(Errc::kInvalidArgument, fmt::format("[{}]: {}", transforms.size(), fault));
    }
    Refusing to = std::move(error);
    if (disconnect.code != 0) to = std::move(disconnect);
    transforms.push_back({status, std::move(to)});
  }
  if (const auto read = json.Finish(); !read) {
    return Fail(Errc::kInvalidArgument, "not a list of transforms: " + read.error().detail);
  }
  return transforms;
}

Result<HeaderList> ReadStaticHeaders(std::string_view text) {
  HeaderList headers;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::string name(*key);
    headers.emplace_back(std::move(name), json.ReadString());
  }
  if (!json.Finish()) return Fail(Errc::kInvalidArgument, "not a table of strings");
  for (const auto& [name, value] : headers) {
    if (IsToken(name) && http::IsFieldValue(value)) continue;
    return Fail(Errc::kInvalidArgument, fmt::format("\"{}\" or its value is no header of HTTP", name));
  }
  return headers;
}

}  // namespace tidemill::proxies

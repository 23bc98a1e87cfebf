#include "postgres/opening/startup.h"

#include <charconv>

#include "base/utf8.h"
#include "postgres/protocol/backend.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

constexpr std::uint32_t kProtocol3_0 = 3u << 16;
constexpr std::uint32_t kSslRequestCode = 1234u << 16 | 5679u;
constexpr std::size_t kTextBytesMax = 1000;

std::unexpected<sql::Failure> Breach(std::string what) {
  return sql::Fail(sql::FailureKind::kUnavailable, "not PostgreSQL's protocol: " + std::move(what));
}

std::string WithLength(std::string_view body) {
  std::string message;
  AppendUint32(message, static_cast<std::uint32_t>(body.size() + 4));
  return message += body;
}

}  // namespace

std::string BuildStartupMessage(const StartupParameters& parameters) {
  std::string body;
  AppendUint32(body, kProtocol3_0);
  for (const auto& [name, value] : parameters) {
    AppendString(body, name);
    AppendString(body, value);
  }
  body += '\0';
  return WithLength(body);
}

std::string BuildSslRequest() {
  std::string body;
  AppendUint32(body, kSslRequestCode);
  return WithLength(body);
}

sql::Failure FailureOf(std::string_view error_response) {
  auto parsed = ParseServerMessage(error_response);
  if (!parsed) {
    return {.kind = sql::FailureKind::kUnavailable, .message = "an error that cannot be read"};
  }
  sql::Failure failure = std::move(parsed->failure);
  failure.message = CutUtf8(failure.message, kTextBytesMax);
  for (sql::RareText* const text : {&failure.detail, &failure.hint}) {
    *text = CutUtf8(text->str(), kTextBytesMax);
  }
  return failure;
}

std::uint32_t ParseServerVersion(std::string_view text) {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, major);
  if (read.ec != std::errc{} || major < 10 || major > 10'000) return 0;
  if (read.ptr != end && *read.ptr == '.') read = std::from_chars(read.ptr + 1, end, minor);
  return major * 10'000 + (minor < 10'000 ? minor : 0);
}

sql::Result<Startup::Step> Startup::OnMessage(const Message& message) {
  if (++messages_ > kMessagesMax) return Breach("the opening of a session has no end");
  switch (message.type) {
    case 'R': return OnAuthentication(message.body);
    case 'S': return OnParameter(message.body);
    case 'K': return OnKey(message.body);
    case 'Z': return OnReady(message.body);
    case 'N': return Wait{};
    case 'E': return std::unexpected(FailureOf(message.body));
    case 'v': return Breach("the server does not speak version 3.0 of it");
    default: return Breach(std::string("a message of type ") + message.type);
  }
}

sql::Result<Startup::Step> Startup::OnAuthentication(std::string_view body) {
  if (logged_in_) return Breach("authentication after its end");
  TM_TRY_ASSIGN(Login::Step step, login_.OnMessage(body));
  if (auto* const send = std::get_if<Send>(&step)) return std::move(*send);
  if (auto* const derive = std::get_if<Derive>(&step)) return std::move(*derive);
  logged_in_ = std::holds_alternative<Login::Done>(step);
  return Wait{};
}

sql::Result<Startup::Step> Startup::OnParameter(std::string_view body) {
  if (!logged_in_) return Breach("parameters before the authentication");
  const auto parameter = ParseParameterStatus(body);
  if (!parameter) return Breach(parameter.error().detail);
  if (parameters_.size() >= kParametersMax) return Breach("too many parameters");
  parameters_.insert_or_assign(std::string(parameter->name), std::string(parameter->value));
  return Wait{};
}

sql::Result<Startup::Step> Startup::OnKey(std::string_view body) {
  if (!logged_in_) return Breach("a key before the authentication");
  BodyReader reader(body);
  key_.process_id = reader.Int32();
  key_.secret = reader.Bytes(reader.left());
  return Wait{};
}

sql::Result<Startup::Step> Startup::OnReady(std::string_view body) const {
  if (!logged_in_) return Breach("ready before the authentication");
  const auto status = ParseReadyForQuery(body);
  if (!status || *status != TransactionStatus::kIdle) return Breach("a new session that is not idle");
  return Ready{};
}

}  // namespace tidemill::postgres

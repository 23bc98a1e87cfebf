#include "queries/cache/answer_record.h"

#include <charconv>
#include <memory>
#include <optional>
#include <utility>

namespace tidemill::queries {
namespace {

constexpr std::string_view kForm = "1\n";
constexpr std::size_t kHeadersMax = 100;

void AppendPart(std::string& out, std::string_view part) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
}

// nullopt: malformed.
std::optional<std::string_view> TakePart(std::string_view& record) {
  std::size_t size = 0;
  const char* const end = record.data() + record.size();
  const auto [stop, error] = std::from_chars(record.data(), end, size);
  if (error != std::errc{} || stop == end || *stop != ':') return std::nullopt;
  record.remove_prefix(static_cast<std::size_t>(stop - record.data()) + 1);
  if (size > record.size()) return std::nullopt;
  const std::string_view part = record.substr(0, size);
  record.remove_prefix(size);
  return part;
}

std::optional<http::Response> TakeResponse(std::string_view& record, std::string& etag) {
  http::Response response;
  const auto status = TakePart(record);
  const auto tag = TakePart(record);
  const auto body = TakePart(record);
  if (!status || !tag || !body) return std::nullopt;
  const char* const end = status->data() + status->size();
  const auto [stop, error] = std::from_chars(status->data(), end, response.status);
  if (error != std::errc{} || stop != end || response.status < 200 || response.status > 599) {
    return std::nullopt;
  }
  etag = *tag;
  response.body = *body;
  while (!record.empty()) {
    const auto name = TakePart(record);
    const auto value = TakePart(record);
    if (!name || !value || response.headers.size() == kHeadersMax) return std::nullopt;
    response.headers.emplace_back(*name, *value);
  }
  return response;
}

}  // namespace

std::string EncodeAnswer(const CachedAnswer& answer) {
  std::string record(kForm);
  AppendPart(record, std::to_string(answer.response.status));
  AppendPart(record, answer.etag);
  AppendPart(record, answer.response.body);
  for (const auto& [name, value] : answer.response.headers) {
    AppendPart(record, name);
    AppendPart(record, value);
  }
  return record;
}

Result<AnswerPtr> DecodeAnswer(std::string_view record) {
  if (!record.starts_with(kForm)) return Fail(Errc::kInvalidArgument, "an answer of another form");
  record.remove_prefix(kForm.size());
  std::string etag;
  std::optional<http::Response> response = TakeResponse(record, etag);
  if (!response) return Fail(Errc::kInvalidArgument, "a malformed answer");
  return std::make_shared<const CachedAnswer>(*std::move(response), std::move(etag));
}

}  // namespace tidemill::queries

#include "queries/values/request_reader.h"

#include <utility>

#include "queries/values/cursor.h"
#include "queries/values/request_reading.h"
#include "queries/values/value.h"

namespace tidemill::queries {

RequestReader::RequestReader(std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect,
                             ReaderOptions options)
    : endpoint_(std::move(endpoint)), dialect_(dialect), options_(std::move(options)) {}

std::expected<std::shared_ptr<const RequestReader>, std::string> RequestReader::Make(
    std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect, ReaderOptions options) {
  const std::shared_ptr<RequestReader> reader(
      new RequestReader(std::move(endpoint), dialect, std::move(options)));
  if (auto prepared = reader->Prepare(); !prepared) return std::unexpected(std::move(prepared).error());
  return reader;
}

std::expected<void, std::string> RequestReader::Prepare() {
  const files::Query& query = *endpoint_->query;
  for (std::size_t i = 0; i < query.parameters.size(); ++i) {
    const files::Parameter& parameter = query.parameters[i];
    names_.emplace(parameter.name, i);
    has_claims_ = has_claims_ || parameter.source == files::ParameterSource::kClaim;
    has_body_ = has_body_ || parameter.source == files::ParameterSource::kBody;
    std::optional<sql::Parameter> absent;
    if (parameter.default_value) {
      auto value = FromDefault(*endpoint_->parameters[i].type, *parameter.default_value, dialect_);
      if (!value) return std::unexpected("the default of :" + parameter.name + " " + value.error());
      absent = *std::move(value);
    } else if (!parameter.required) {
      absent = sql::Null();
    }
    absent_.push_back(std::move(absent));
  }
  if (!query.page || query.page->keyset.empty()) return {};
  const auto columns = KeysetColumns(*endpoint_);
  if (!columns) return std::unexpected(columns.error());
  keyset_columns_ = columns->size();
  cursor_purpose_ = CursorPurpose(*endpoint_, *columns);
  return {};
}

std::expected<TypedRequest, Refusal> RequestReader::Read(const http::Request& request,
                                                         std::string_view claims) const {
  return RequestReading(*this, request, claims).Read();
}

}  // namespace tidemill::queries

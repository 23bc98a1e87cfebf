// RequestReader: an HTTP request as what one endpoint understands: typed values, the page, the format; or
// everything that is wrong with it at once.
//
// Made once for each endpoint; immutable; any thread. Reading is pure: no clock, no database.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/message.h"
#include "queries/catalog/endpoint.h"
#include "queries/values/accept.h"
#include "queries/values/page.h"
#include "queries/values/preferences.h"
#include "queries/values/refusal.h"
#include "sql/database.h"
#include "sql/parameter.h"

namespace tidemill::queries {

struct TypedRequest {
  // A list for each element of a bulk body, else one. In each a value for each parameter of the query, in
  // order.
  std::vector<sql::Parameters> inputs;
  bool bulk = false;                // the body is an array; it may be empty
  std::optional<PageRequest> page;  // nullopt: the endpoint has no @page
  std::vector<SortKey> sort;        // empty: as the statement has it
  Preferences preferences;
  Format format = Format::kJson;

  friend bool operator==(const TypedRequest&, const TypedRequest&) = default;
};

struct ReaderOptions {
  std::size_t bulk_elements_max = 1'000;  // times the statements of the endpoint
  std::size_t bulk_values_max = 100'000;  // elements times parameters
  // Names that others read from the query: they are passed over.
  std::vector<std::string> other_query_names;
};

class RequestReader {
 public:
  // The error, for the file's author: a default that its parameter's type does not take, a keyset without its
  // columns.
  static std::expected<std::shared_ptr<const RequestReader>, std::string> Make(
      std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect, ReaderOptions options = {});

  // `claims`: the caller's, a JSON object, or "". `request` is one of the endpoint's route.
  std::expected<TypedRequest, Refusal> Read(const http::Request& request, std::string_view claims) const;

 private:
  friend class RequestReading;
  RequestReader(std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect, ReaderOptions options);
  std::expected<void, std::string> Prepare();

  const std::shared_ptr<const Endpoint> endpoint_;
  const sql::Dialect dialect_;
  const ReaderOptions options_;
  std::unordered_map<std::string_view, std::size_t> names_;  // of all parameters
  std::vector<std::optional<sql::Parameter>>
      absent_;  // what a parameter is that is not given; nullopt: refused
  std::size_t keyset_columns_ = 0;
  std::string cursor_purpose_;
  bool has_claims_ = false;
  bool has_body_ = false;
};

}  // namespace tidemill::queries

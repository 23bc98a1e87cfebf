#include "queries/values/statements.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "queries/values/cursor.h"

namespace tidemill::queries {
namespace {

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted += '"';
}

void Append(const sql::Parameters& values, const std::vector<std::size_t>& indices, sql::Parameters& out) {
  for (const std::size_t index : indices) out.push_back(values[index]);
}

void AppendPage(const PageRequest& page, bool keyset, sql::Parameters& out) {
  out.insert(out.end(), page.after.begin(), page.after.end());
  out.emplace_back(static_cast<std::int64_t>(page.limit + 1));
  if (!keyset) out.emplace_back(static_cast<std::int64_t>(page.offset));
}

std::string_view NullsOf(Nulls nulls) {
  switch (nulls) {
    case Nulls::kDefault: return "";
    case Nulls::kFirst: return " nulls first";
    case Nulls::kLast: return " nulls last";
  }
  return "";
}

}  // namespace

Statements::Statements(std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect)
    : endpoint_(std::move(endpoint)), dialect_(dialect) {}

std::expected<std::shared_ptr<const Statements>, std::string> Statements::Make(
    std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect) {
  const std::shared_ptr<Statements> statements(new Statements(std::move(endpoint), dialect));
  if (auto prepared = statements->Prepare(); !prepared) return std::unexpected(std::move(prepared).error());
  return statements;
}

std::expected<void, std::string> Statements::Prepare() {
  const files::Query& query = *endpoint_->query;
  if (!query.page && query.sort.empty()) return {};
  if (query.statements.front().writes) {
    return std::unexpected(std::string(query.page ? "@page" : "@sort") + " is for statements that only read");
  }
  if (auto sort = PrepareSort(); !sort) return sort;
  if (!query.page) return {};
  if (!query.page->keyset.empty()) {
    if (const auto columns = KeysetColumns(*endpoint_); !columns) return std::unexpected(columns.error());
    after_ = Wrapped(KeysetClauses(true));
    page_ = Wrapped(KeysetClauses(false));
  } else {
    page_ = Wrapped(PageClause());
  }
  const sql::Statement& file = endpoint_->statements.front().sql;
  const auto options = sql::Statement::Options{.parameter_oids = file.parameter_oids()};
  count_.emplace("select count(*) from (\n" + file.text() + "\n) as tidemill_rows", options);
  if (dialect_ == sql::Dialect::kPostgres) plan_.emplace("explain (format json)\n" + file.text(), options);
  return {};
}

std::expected<void, std::string> Statements::PrepareSort() {
  const std::vector<std::string>& names = endpoint_->query->sort;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::ranges::find(endpoint_->columns, names[i], &EndpointColumn::name) == endpoint_->columns.end()) {
      return std::unexpected("@sort: the statement gives no column " + names[i]);
    }
    sort_names_.push_back(Quoted(names[i]));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const bool descending : {false, true}) {
      sorted_.push_back(Wrapped(OrderBy({{.column = i, .descending = descending}}) + PageClause()));
    }
  }
  return {};
}

sql::Statement Statements::Wrapped(const std::string& clauses, sql::Reuse reuse) const {
  const sql::Statement& file = endpoint_->statements.front().sql;
  // A line of its own: the statement may end with a comment.
  return sql::Statement("select * from (\n" + file.text() + "\n) as tidemill_rows" + clauses,
                        {.reuse = reuse, .parameter_oids = file.parameter_oids()});
}

// `behind`: 1 is the first behind those of the file's statement.
std::string Statements::Placeholder(std::size_t behind) const {
  const std::size_t number = endpoint_->statements.front().parameters.size() + behind;
  return (dialect_ == sql::Dialect::kPostgres ? "$" : "?") + std::to_string(number);
}

std::string Statements::OrderBy(const std::vector<SortKey>& sort) const {
  std::string clause;
  for (const SortKey& key : sort) {
    clause += clause.empty() ? "\norder by " : ", ";
    clause += sort_names_[key.column] + (key.descending ? " desc" : " asc");
    clause += NullsOf(key.nulls);
  }
  return clause;
}

std::string Statements::PageClause() const {
  if (!endpoint_->query->page) return "";
  return "\nlimit " + Placeholder(1) + " offset " + Placeholder(2);
}

// Row values, so that an index of these columns serves.
std::string Statements::KeysetClauses(bool follows) const {
  const files::Page& page = *endpoint_->query->page;
  std::string names, places, order;
  for (std::size_t i = 0; i < page.keyset.size(); ++i) {
    const std::string comma = i == 0 ? "" : ", ";
    names += comma + Quoted(page.keyset[i]);
    places += comma + Placeholder(i + 1);
    order += comma + Quoted(page.keyset[i]) + (page.descending ? " desc" : " asc");
  }
  std::string clauses;
  if (follows) clauses = "\nwhere (" + names + (page.descending ? ") < (" : ") > (") + places + ")";
  const std::size_t limit = follows ? page.keyset.size() + 1 : 1;
  return clauses + "\norder by " + order + "\nlimit " + Placeholder(limit);
}

sql::Statement Statements::RowsStatement(const TypedRequest& request) const {
  if (request.sort.size() == 1 && request.sort[0].nulls == Nulls::kDefault) {
    return sorted_[request.sort[0].column * 2 + (request.sort[0].descending ? 1 : 0)];
  }
  if (!request.sort.empty()) return Wrapped(OrderBy(request.sort) + PageClause(), sql::Reuse::kOnce);
  if (!request.page) return endpoint_->statements.front().sql;
  return request.page->after.empty() ? *page_ : *after_;
}

std::vector<sql::Call> Statements::Calls(const TypedRequest& request) const {
  std::vector<sql::Call> calls;
  calls.reserve(request.inputs.size() * endpoint_->statements.size());
  for (const sql::Parameters& input : request.inputs) {
    for (const EndpointStatement& statement : endpoint_->statements) {
      sql::Call call{.statement = statement.sql, .access = endpoint_->access};
      call.parameters.reserve(statement.parameters.size() + 2);
      Append(input, statement.parameters, call.parameters);
      calls.push_back(std::move(call));
    }
  }
  if (calls.size() == 1 && (request.page || !request.sort.empty())) {
    calls[0].statement = RowsStatement(request);
    if (request.page) AppendPage(*request.page, !endpoint_->query->page->keyset.empty(), calls[0].parameters);
  }
  return calls;
}

Count Statements::CountFor(const TypedRequest& request) const {
  if (request.preferences.count == Count::kNone || !count_) return Count::kNone;
  return plan_ ? request.preferences.count : Count::kExact;
}

sql::Call Statements::CountCall(const TypedRequest& request, Count count) const {
  sql::Call call{.statement = count == Count::kPlanned ? *plan_ : *count_, .access = endpoint_->access};
  Append(request.inputs.front(), endpoint_->statements.front().parameters, call.parameters);
  return call;
}

std::vector<sql::Statement> Statements::All() const {
  std::vector<sql::Statement> all;
  for (const EndpointStatement& statement : endpoint_->statements) all.push_back(statement.sql);
  for (const auto* const each : {&page_, &after_, &count_, &plan_}) {
    if (*each) all.push_back(**each);
  }
  all.insert(all.end(), sorted_.begin(), sorted_.end());
  return all;
}

std::optional<std::uint64_t> RowsOfPlan(std::string_view json) {
  JsonReader reader(json);
  std::optional<std::uint64_t> rows;
  reader.EnterArray();
  while (reader.NextElement()) {
    reader.EnterObject();
    while (const auto key = reader.NextKey()) {
      if (*key != "Plan") continue;
      reader.EnterObject();
      while (const auto inner = reader.NextKey()) {
        if (*inner == "Plan Rows") rows = reader.ReadInteger<std::uint64_t>();
      }
    }
  }
  return reader.Finish() ? rows : std::nullopt;
}

}  // namespace tidemill::queries

#include "queries/files/contradictions.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"

namespace tidemill::files {
namespace {

class Check {
 public:
  Check(std::string_view text, std::span<const Token> tokens, const Declared& declared, const Query& query,
        Problems& problems)
      : text_(text), tokens_(tokens), declared_(declared), query_(query), problems_(problems) {}

  void Run() {
    Method();
    Rows();
    Transaction();
    Paging();
    Caching();
    Callers();
    LiveParameters();
    Charts();
  }

 private:
  // At the place of `tag`, if it is there.
  void Refuse(std::string_view tag, std::string message, std::string hint = {}) {
    if (!declared_.Has(tag)) return;
    problems_.Add(ProblemKind::kContradiction, declared_.Place(tag), std::move(message), std::move(hint));
  }
  void RefuseBoth(std::string_view tag, std::string_view other, std::string why) {
    if (declared_.Has(tag) && declared_.Has(other)) {
      Refuse(tag, "@" + std::string(tag) + " with @" + std::string(other) + ": " + std::move(why));
    }
  }

  void Method() {
    const std::string name(files::Name(query_.route.method));
    if (query_.route.method != files::Method::kGet) {
      Refuse("cache", "@cache with " + name + ": only what GET gives is kept");
      Refuse("live", "@live with " + name + ": only what GET gives can be live");
      Refuse("chart", "@chart with " + name + ": a page only reads");
      return;
    }
    Refuse("invalidates", "@invalidates with GET: it only reads");
    Refuse("idempotent", "@idempotent with GET: it always is");
    for (const QueryStatement& statement : query_.statements) {
      if (!statement.writes) continue;
      problems_.Add(ProblemKind::kContradiction, statement.where, "this statement writes, and GET only reads",
                    "name the file .post.sql, .put.sql, .patch.sql or .delete.sql");
    }
    if (query_.rows == RowsShape::kExec) {
      problems_.Add(ProblemKind::kContradiction,
                    declared_.Has("rows") ? declared_.Place("rows") : query_.statements.front().where,
                    "@rows exec with GET: it gives no rows, and GET only reads");
    }
  }

  void Rows() {
    if (query_.rows == RowsShape::kMany) return;
    constexpr std::array<std::string_view, 4> kNames = {"many", "one", "value", "exec"};
    const std::string shape = "@rows " + std::string(kNames[static_cast<std::size_t>(query_.rows)]);
    Refuse("page", "@page with " + shape + ": pages are of many rows");
    Refuse("sort", "@sort with " + shape + ": only many rows have an order");
  }

  void Transaction() {
    if (query_.statements.size() > 1 && !query_.transaction) {
      problems_.Add(ProblemKind::kContradiction, query_.statements[1].where, "a second statement",
                    "with @tx all statements of a file are one transaction");
    }
    for (const std::string_view tag : {"page", "sort", "live"}) {
      RefuseBoth(tag, "tx", "which of its statements?");
    }
  }

  void Paging() {
    if (query_.page && !query_.page->keyset.empty()) {
      RefuseBoth("sort", "page", "a keyset has its own order");
    }
    for (const Parameter& parameter : query_.parameters) {
      const bool page = query_.page && (parameter.name == "limit" || parameter.name == "offset" ||
                                        parameter.name == "cursor");
      const bool sort = !query_.sort.empty() && parameter.name == "sort";
      if (!page && !sort) continue;
      problems_.Add(
          ProblemKind::kContradiction, parameter.where,
          std::string(page ? "@page" : "@sort") + " has a parameter " + parameter.name + " of its own",
          page ? "leave limit and offset out of the statement, or leave @page out" : "choose another name");
    }
  }

  void Caching() {
    if (!query_.cache) return;
    const Cache& cache = *query_.cache;
    if (!query_.auth.required) {
      if (!cache.scope.empty())
        Refuse("cache", "@cache scope= names claims, but with @auth none nobody has one");
      return;
    }
    if (!declared_.cache_scope) {
      return Refuse("cache", "@cache without scope=: whose answer is it?",
                    "scope=sub keeps one for each caller; for everybody: @auth none, and scope=public");
    }
    if (cache.scope.empty()) {
      return Refuse("cache", "@cache scope=public, but not everybody may call it",
                    "scope=sub keeps one for each caller; @auth none opens it");
    }
    for (const Parameter& parameter : query_.parameters) {
      if (parameter.source == ParameterSource::kClaim &&
          std::ranges::find(cache.scope, parameter.name) == cache.scope.end()) {
        Refuse("cache", "the answer depends on the claim " + parameter.name + ", which scope= leaves out",
               "callers would see each other's answers; add it: scope=" + cache.scope.front() + "," +
                   parameter.name);
      }
    }
  }

  void Callers() {
    if (query_.auth.required) return;
    if (query_.rate && !query_.rate->claim.empty()) {
      Refuse("rate", "@rate per " + query_.rate->claim + ", but with @auth none nobody has claims",
             "accepted: per ip");
    }
    if (!query_.cache) return;
    // With Postgres a statement can ask who calls: PostgREST's names of settings.
    for (const Token& token : tokens_) {
      if (token.kind != TokenKind::kString || !token.range.In(text_).contains("request.")) continue;
      problems_.Add(ProblemKind::kContradiction, token.range,
                    "the answer depends on the request, but @cache keeps one for everybody");
    }
  }

  void LiveParameters() {
    if (!query_.live) return;
    for (const std::string& name : query_.live->by) {
      if (std::ranges::find(query_.parameters, name, &Parameter::name) == query_.parameters.end()) {
        Refuse("live", "@live by=" + name + ": no statement uses :" + name);
      }
    }
    if (query_.rows == RowsShape::kExec) Refuse("live", "@live with @rows exec: there are no rows");
    if (query_.rows != RowsShape::kMany && !query_.live->key.empty()) {
      Refuse("live", "@live key= tells many rows apart; @rows gives one");
    }
  }

  void Charts() {
    if (query_.rows != RowsShape::kValue) return;
    for (const Chart& chart : query_.charts) {
      if (chart.kind == ChartKind::kNumber && chart.before.empty()) continue;
      problems_.Add(ProblemKind::kContradiction, chart.where, "@rows value gives one value",
                    "accepted: @chart number y=COLUMN; or @rows one, which gives the row");
    }
  }

  const std::string_view text_;
  const std::span<const Token> tokens_;
  const Declared& declared_;
  const Query& query_;
  Problems& problems_;
};

}  // namespace

void CheckContradictions(std::string_view text, std::span<const Token> tokens, const Declared& declared,
                         const Query& query, Problems& problems) {
  Check(text, tokens, declared, query, problems).Run();
}

}  // namespace tidemill::files

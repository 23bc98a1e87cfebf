#include "queries/files/parameters.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "base/ascii.h"
#include "base/nearest.h"

namespace tidemill::files {
namespace {

constexpr std::size_t kParametersMax = 1000;

std::string_view SourceName(ParameterSource source) {
  constexpr std::string_view kNames[] = {"path", "query", "body", "claim"};
  return kNames[static_cast<std::size_t>(source)];
}

bool TakesBody(Method method) { return method != Method::kGet && method != Method::kDelete; }

class Resolver {
 public:
  Resolver(std::string_view text, std::span<const Token> tokens, const Declared& declared, Query& query,
           Problems& problems)
      : text_(text), tokens_(tokens), declared_(declared), query_(query), problems_(problems) {}

  void Run() {
    for (const Declaration& declaration : declared_.parameters) {
      declarations_.emplace(declaration.name, &declaration);
    }
    for (QueryStatement& statement : query_.statements) Number(statement);
    for (const Declaration& declaration : declared_.parameters) {
      if (!indexes_.contains(declaration.name)) ReportUnused(declaration);
    }
    for (const Segment& segment : query_.route.segments) {
      if (segment.parameter && !indexes_.contains(segment.text)) {
        problems_.Add(ProblemKind::kParameter, query_.statements.front().where,
                      "the path has {" + segment.text + "}, but no statement uses :" + segment.text);
      }
    }
  }

 private:
  void Number(QueryStatement& statement) {
    for (std::size_t i = 0; i < statement.sql.names.size(); ++i) {
      const std::string& name = statement.sql.names[i];
      const auto [found, added] = indexes_.try_emplace(name, query_.parameters.size());
      statement.parameters.push_back(found->second);
      if (added) Add(name, statement.sql.first_uses[i]);
    }
  }

  void Add(const std::string& name, Range use) {
    if (query_.parameters.size() == kParametersMax) {
      problems_.Add(ProblemKind::kLimit, use, "more than 1,000 parameters");
    }
    const auto [same, is_new] = lower_.try_emplace(ToLower(name), name);
    if (!is_new) {
      problems_.Add(ProblemKind::kParameter, use,
                    ":" + name + " and :" + same->second + " differ only in upper and lower case",
                    "write both in the same way");
    }
    const bool in_path = query_.route.HasParameter(name);
    const ParameterSource usual = in_path                          ? ParameterSource::kPath
                                  : TakesBody(query_.route.method) ? ParameterSource::kBody
                                                                   : ParameterSource::kQuery;
    Parameter parameter{.name = name, .source = usual, .where = use};
    if (const auto found = declarations_.find(name); found != declarations_.end()) {
      Apply(*found->second, in_path, parameter);
    }
    query_.parameters.push_back(std::move(parameter));
  }

  void Apply(const Declaration& declaration, bool in_path, Parameter& parameter) {
    parameter.source = declaration.source.value_or(parameter.source);
    const bool always = in_path || parameter.source == ParameterSource::kClaim;
    parameter.type = declaration.type;
    parameter.required = declaration.required || always;
    parameter.default_value = declaration.default_value;
    parameter.doc = declaration.doc;
    parameter.where = declaration.where;
    CheckSource(declaration, in_path, parameter);
  }

  void CheckSource(const Declaration& declaration, bool in_path, const Parameter& parameter) {
    const auto contradicts = [&](std::string message, std::string hint = {}) {
      problems_.Add(ProblemKind::kContradiction, declaration.where, std::move(message), std::move(hint));
    };
    const std::string source(SourceName(parameter.source));
    if (in_path && parameter.source != ParameterSource::kPath) {
      contradicts(parameter.name + " is part of the path, so it does not come from the " + source);
    }
    if (!in_path && parameter.source == ParameterSource::kPath) {
      contradicts(parameter.name + " is not part of the path " + query_.route.Path(),
                  "a file named [" + parameter.name + "]." + ToLower(Name(query_.route.method)) +
                      ".sql, or in a folder [" + parameter.name + "], has it there");
    }
    if (parameter.source == ParameterSource::kBody && !TakesBody(query_.route.method)) {
      contradicts(std::string(Name(query_.route.method)) + " has no body",
                  "take " + parameter.name + " from the query, or name the file .post.sql");
    }
    const bool fixed = in_path || parameter.source == ParameterSource::kClaim;
    if (fixed && parameter.default_value) {
      contradicts("a parameter of the " + source + " is always there, so its default would never be used");
    }
    if (parameter.source == ParameterSource::kClaim && !query_.auth.required) {
      contradicts(parameter.name + " is a claim of the caller, but with @auth none nobody has one");
    }
  }

  // Where ":name" stands in what is no SQL: somebody meant it as a parameter.
  const Token* TextWith(const std::string& name) const {
    for (const Token& token : tokens_) {
      const bool text = token.kind == TokenKind::kString || token.kind == TokenKind::kDollarString;
      if (text && token.range.In(text_).contains(":" + name)) return &token;
    }
    return nullptr;
  }
  bool IsBound(const std::string& name) const {
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (tokens_[i].kind == TokenKind::kColon && tokens_[i + 1].range.In(text_) == name) return true;
    }
    return false;
  }

  void ReportUnused(const Declaration& declaration) {
    const std::string& name = declaration.name;
    std::vector<std::string> used;
    for (const Parameter& parameter : query_.parameters) used.push_back(parameter.name);
    std::string hint;
    if (TextWith(name) != nullptr) {
      hint = ":" + name + " stands in quotes only, where it is text; write it outside of them";
    } else if (IsBound(name)) {
      hint = "[:" + name + "] is a slice up to the column " + name + "; write [(:" + name + ")]";
    } else if (const auto near = Nearest(name, used)) {
      hint = "did you mean " + *near + "?";
    } else {
      hint = used.empty() ? "no statement has a parameter" : "used: ";
      for (std::size_t i = 0; i < used.size() && i < 20; ++i) hint += (i > 0 ? ", " : "") + used[i];
    }
    problems_.Add(ProblemKind::kParameter, declaration.where, "no statement uses :" + name, hint);
  }

  const std::string_view text_;
  const std::span<const Token> tokens_;
  const Declared& declared_;
  Query& query_;
  Problems& problems_;
  std::unordered_map<std::string, std::size_t> indexes_;
  std::unordered_map<std::string, const Declaration*> declarations_;
  std::map<std::string, std::string> lower_;
};

}  // namespace

void ResolveParameters(std::string_view text, std::span<const Token> tokens, const Declared& declared,
                       Query& query, Problems& problems) {
  Resolver(text, tokens, declared, query, problems).Run();
}

}  // namespace tidemill::files

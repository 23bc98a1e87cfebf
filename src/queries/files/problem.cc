#include "queries/files/problem.h"

#include <algorithm>
#include <tuple>

namespace tidemill::files {
namespace {

std::string Indented(std::string_view text) {
  std::string out = "  ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

std::string Describe(std::string_view path, std::string_view text, const Lines& lines,
                     const Problem& problem) {
  std::string out(path);
  if (problem.where != Range{}) {
    const Position at = lines.Of(problem.where.begin);
    out += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }
  out += ": " + problem.message;
  if (problem.where != Range{}) out += "\n" + Excerpt(text, lines, problem.where);
  if (!problem.hint.empty()) out += "\n" + Indented(problem.hint);
  return out;
}

}  // namespace

std::string_view Name(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kSyntax: return "syntax";
    case ProblemKind::kTag: return "tag";
    case ProblemKind::kParameter: return "parameter";
    case ProblemKind::kContradiction: return "contradiction";
    case ProblemKind::kRoute: return "route";
    case ProblemKind::kFile: return "file";
    case ProblemKind::kLimit: return "limit";
    case ProblemKind::kMigration: return "migration";
  }
  return "";
}

void Problems::Add(Problem problem) {
  if (found_.size() < kMax) {
    found_.push_back(std::move(problem));
  } else {
    ++more_;
  }
}

std::vector<Problem> Problems::Take() {
  std::ranges::sort(found_, {}, [](const Problem& p) { return std::tie(p.where, p.message); });
  if (more_ > 0) {
    found_.push_back({.kind = ProblemKind::kLimit,
                      .message = "and " + std::to_string(more_) + " more; the first " + std::to_string(kMax) +
                                 " are shown"});
    more_ = 0;
  }
  return std::exchange(found_, {});
}

std::string Describe(std::string_view path, std::string_view text, const Problem& problem) {
  return Describe(path, text, Lines(text), problem);
}

std::string DescribeAll(std::string_view path, std::string_view text, const std::vector<Problem>& problems) {
  const Lines lines(text);
  std::string out;
  for (const Problem& problem : problems) out += Describe(path, text, lines, problem) + "\n";
  return out;
}

}  // namespace tidemill::files

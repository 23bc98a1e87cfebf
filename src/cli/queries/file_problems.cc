#include "cli/queries/file_problems.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "queries/files/source.h"

namespace tidemill::cli {
namespace {

std::string_view TextOf(const files::FileSet& set, std::string_view path) {
  const files::File* const file = set.Find(path);
  return file == nullptr ? std::string_view() : std::string_view(file->text);
}

std::string PathOf(const std::string& folder, const files::FileProblem& problem) {
  return problem.path.empty() ? folder : folder + "/" + problem.path;
}

constexpr files::Position kNowhere{0, 0};

struct Shown {
  std::string file;
  files::Position begin = kNowhere;
  files::Position end = kNowhere;
  std::string_view kind;
  std::string_view message;
  std::string hint;
};

void AppendProblem(const Shown& shown, JsonWriter& json) {
  json.BeginObject();
  json.Member("file", shown.file);
  json.Member("line", shown.begin.line);
  json.Member("column", shown.begin.column);
  json.Member("end_line", shown.end.line);
  json.Member("end_column", shown.end.column);
  json.Member("kind", shown.kind);
  json.Member("message", shown.message);
  json.Member("hint", shown.hint);
  json.EndObject();
}

// The digits before the next colon, which go with it; 0, and nothing is taken: there are none.
std::uint32_t TakeNumber(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop == text.data() + text.size() || *stop != ':') return 0;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return number;
}

// Of an excerpt: the line, the caret's line, and what stands behind both.
std::uint32_t CaretWidth(std::string_view excerpt) {
  const std::size_t caret = excerpt.find('^', std::min(excerpt.find('\n'), excerpt.size()));
  if (caret == excerpt.npos) return 0;
  const std::size_t end = std::min(excerpt.find('\n', caret), excerpt.size());
  return static_cast<std::uint32_t>(end - caret);
}

std::string HintBehind(std::string_view excerpt, int lines) {
  std::string hint;
  for (int line = 0; !excerpt.empty(); ++line) {
    const std::size_t end = std::min(excerpt.find('\n'), excerpt.size());
    std::string_view text = excerpt.substr(0, end);
    excerpt.remove_prefix(std::min(end + 1, excerpt.size()));
    if (line < lines) continue;
    while (text.starts_with(' ')) text.remove_prefix(1);
    hint += (hint.empty() ? "" : "\n") + std::string(text);
  }
  return hint;
}

}  // namespace

std::string ProblemsText(const std::string& folder, const files::FileSet& set,
                         const std::vector<files::FileProblem>& problems) {
  std::string out;
  for (const files::FileProblem& each : problems) {
    out += files::Describe(PathOf(folder, each), TextOf(set, each.path), each.problem) + "\n";
  }
  return out;
}

void AppendProblems(const std::string& folder, const files::FileSet& set,
                    const std::vector<files::FileProblem>& problems, JsonWriter& json) {
  for (const files::FileProblem& each : problems) {
    const std::string_view text = TextOf(set, each.path);
    const files::Lines lines(text);
    const files::Range where = each.problem.where;
    const bool whole = where.size() == 0;
    AppendProblem({.file = PathOf(folder, each),
                   .begin = whole ? kNowhere : lines.Of(where.begin),
                   .end = whole ? kNowhere : lines.Of(where.end),
                   .kind = Name(each.problem.kind),
                   .message = each.problem.message,
                   .hint = each.problem.hint},
                  json);
  }
}

void AppendReason(const std::string& folder, const std::string& path, std::string_view reason,
                  JsonWriter& json) {
  Shown shown{.file = folder + "/" + path, .kind = "database"};
  if (reason.starts_with(path + ":")) reason.remove_prefix(path.size() + 1);
  shown.begin.line = TakeNumber(reason);
  shown.begin.column = TakeNumber(reason);
  shown.end = shown.begin;
  if (reason.starts_with(' ')) reason.remove_prefix(1);
  const std::size_t end = reason.find('\n');
  shown.message = reason.substr(0, end);
  const std::string_view rest = end == reason.npos ? std::string_view() : reason.substr(end + 1);
  const std::string_view excerpt = shown.begin.line == 0 ? std::string_view() : rest;
  if (!excerpt.empty()) shown.end.column += CaretWidth(excerpt);
  shown.hint = HintBehind(rest, excerpt.empty() ? 0 : 2);
  AppendProblem(shown, json);
}

}  // namespace tidemill::cli

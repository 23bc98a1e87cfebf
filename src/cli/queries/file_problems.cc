#include "cli/queries/file_problems.h"

#include <algorithm>
#include <cstdint>

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
  json.BeginArray();
  for (const files::FileProblem& each : problems) {
    const std::string_view text = TextOf(set, each.path);
    const files::Lines lines(text);
    const files::Range where = each.problem.where;
    const bool whole = where.size() == 0;
    const files::Position begin = whole ? files::Position{0, 0} : lines.Of(where.begin);
    const files::Position end = whole ? files::Position{0, 0} : lines.Of(where.end);
    json.BeginObject();
    json.Member("file", PathOf(folder, each));
    json.Member("line", begin.line);
    json.Member("column", begin.column);
    json.Member("end_line", end.line);
    json.Member("end_column", end.column);
    json.Member("kind", Name(each.problem.kind));
    json.Member("message", each.problem.message);
    json.Member("hint", each.problem.hint);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace tidemill::cli

#include "cli/queries/queries_list.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/queries/file_problems.h"
#include "cli/queries/project.h"
#include "cli/table.h"
#include "queries/files/query.h"

namespace tidemill::cli {
namespace {

struct Options {
  ProjectOptions project;
  bool json = false;
};

struct Listed {
  const files::File* file;
  const files::Query* query;
};

std::string AuthOf(const files::Query& query) {
  if (!query.auth.required) return "none";
  std::string text;
  const auto add = [&text](const char* what, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? what : ",") + names[i];
    if (!names.empty()) text += ' ';
  };
  add("role:", query.auth.roles);
  add("claims:", query.auth.claims);
  if (text.empty()) return "token";
  text.pop_back();
  return text;
}

std::vector<Listed> ListAll(const files::FileSet& set) {
  std::vector<Listed> all;
  for (const auto& file : set.files) {
    for (const files::Query& query : file->queries) all.push_back({.file = file.get(), .query = &query});
  }
  std::ranges::sort(all, {}, [](const Listed& each) {
    return std::make_tuple(each.query->route.Path(), each.query->route.method);
  });
  return all;
}

std::string ToText(const Project& project, const std::vector<Listed>& all) {
  if (all.empty()) return "there are no endpoints\n";
  Table table({{"METHOD"}, {"PATH"}, {"AUTH"}, {"FILE"}, {"WHAT"}});
  for (const auto& [file, query] : all) {
    const bool sound = project.files->IsSound(*file);
    table.Add({std::string(Name(query->route.method)), project.settings.queries.prefix + query->route.Path(),
               sound ? AuthOf(*query) : "", file->path, sound ? query->summary : "(has a problem)"});
  }
  return table.ToText();
}

std::string ToJson(const Project& project, const std::vector<Listed>& all) {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const auto& [file, query] : all) {
    json.BeginObject();
    json.Member("method", Name(query->route.method));
    json.Member("path", project.settings.queries.prefix + query->route.Path());
    json.Member("file", project.folder + "/" + file->path);
    json.Member("name", query->name);
    json.Member("auth", AuthOf(*query));
    json.Member("summary", query->summary);
    json.Member("sound", project.files->IsSound(*file));
    json.EndObject();
  }
  json.EndArray();
  return text + "\n";
}

int List(const Options& options, Io io) {
  const auto project = OpenProject(options.project);
  if (!project) return Failed(io, project.error().detail);
  const std::vector<Listed> all = ListAll(*project->files);
  Print(io, options.json ? ToJson(*project, all) : ToText(*project, all));
  return kDone;
}

}  // namespace

CommandSpec QueriesListCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "list",
          .help = "Lists the endpoints of a folder, without a database",
          .examples =
              "  tidemill queries list\n"
              "  tidemill queries list --json\n",
          .parameters = ProjectParameters(options->project,
                                          {{"--json", &options->json, "Prints them as one line of JSON"}}),
          .settings = &options->project.settings,
          .run = [options](Io io) { return List(*options, io); }};
}

}  // namespace tidemill::cli

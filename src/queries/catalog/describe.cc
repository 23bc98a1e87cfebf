#include "queries/catalog/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/async.h"
#include "net/task_scope.h"
#include "queries/catalog/chart_check.h"
#include "queries/catalog/describer.h"
#include "queries/catalog/live_check.h"
#include "queries/catalog/operation_id.h"
#include "queries/catalog/postgres_describer.h"
#include "queries/catalog/sqlite_describer.h"

namespace tidemill::queries {
namespace {

using files::File;
using files::Query;

// One query of the set on its way into the catalog.
struct Work {
  std::shared_ptr<const File> file;
  const Query* query = nullptr;
  std::string operation_id;
  std::shared_ptr<const Endpoint> before;    // as it was described last; null: it was not
  std::shared_ptr<const Endpoint> endpoint;  // null: not described
  std::string reason;                        // why it cannot be; "": it is still to be described
};

// All of them, on the thread pool and on the loop by turns. Large sets are neither made nor ended on a loop.
struct Job {
  std::shared_ptr<const files::FileSet> files;
  std::shared_ptr<const Catalog> previous;
  DescribeOptions options;
  std::vector<Work> works;
  std::vector<std::size_t> open;  // of works: to be described
  std::shared_ptr<const Catalog> catalog;
};

std::string ShowProblem(const File& file, const files::Problem& problem) {
  return files::Describe(file.path, file.text, problem);
}

// What is wrong with a file by itself and beside others.
std::string ShowProblems(const files::FileSet& set, const File& file) {
  std::string text = files::DescribeAll(file.path, file.text, file.problems);
  for (const files::FileProblem& each : set.problems) {
    if (each.path == file.path) text += ShowProblem(file, each.problem) + "\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

bool SaysWhoMayCall(const files::Auth& auth) {
  return !auth.required || !auth.roles.empty() || !auth.claims.empty();
}

// What is refused before the database is asked; "": nothing.
std::string Refusal(const File& file, const Query& query, const DescribeOptions& options) {
  files::Problem problem{.kind = files::ProblemKind::kContradiction};
  if (options.without_auth == WithoutAuth::kRefused && !SaysWhoMayCall(query.auth)) {
    problem.message = fmt::format("{}: nothing says who may call it", query.route.ToString());
    problem.hint = "-- @auth none, -- @auth claims:sub for whoever has a token, or -- @auth role:NAME";
    return ShowProblem(file, problem);
  }
  if (!query.connection.empty()) {
    problem.message = fmt::format("@connection {}: there is no such database", query.connection);
    problem.hint = "without the tag it is the usual one";
    return ShowProblem(file, problem);
  }
  return "";
}

bool IsBefore(const Work& a, const Work& b) {
  return std::tie(a.query->route.segments, a.query->route.method, a.file->path) <
         std::tie(b.query->route.segments, b.query->route.method, b.file->path);
}

void ListWorks(Job& job) {
  for (const auto& file : job.files->files) {
    const bool sound = job.files->IsSound(*file);
    const std::string problems = sound || file->queries.empty() ? "" : ShowProblems(*job.files, *file);
    for (const Query& query : file->queries) {
      Work work{.file = file, .query = &query, .reason = problems};
      if (work.reason.empty()) work.reason = Refusal(*file, query, job.options);
      job.works.push_back(std::move(work));
    }
  }
  std::ranges::sort(job.works, IsBefore);
}

void NameWorks(Job& job) {
  std::vector<const files::Route*> routes;
  for (const Work& work : job.works) routes.push_back(&work.query->route);
  std::vector<std::string> ids = OperationIds(routes);
  for (std::size_t i = 0; i < ids.size(); ++i) job.works[i].operation_id = std::move(ids[i]);
}

bool IsAnew(const DescribeOptions& options, const std::shared_ptr<const Endpoint>& endpoint) {
  return options.all_anew || std::ranges::find(options.anew, endpoint) != options.anew.end();
}

// A query of a file that did not change is the same object.
void TakeOver(Job& job) {
  std::unordered_map<const Query*, std::shared_ptr<const Endpoint>> known;
  if (job.previous) {
    for (const auto& endpoint : job.previous->endpoints) known.emplace(endpoint->query, endpoint);
  }
  for (std::size_t i = 0; i < job.works.size(); ++i) {
    Work& work = job.works[i];
    if (!work.reason.empty()) continue;
    const auto found = known.find(work.query);
    if (found != known.end()) work.before = found->second;
    if (found == known.end() || IsAnew(job.options, found->second)) {
      job.open.push_back(i);
    } else if (found->second->operation_id == work.operation_id) {
      work.endpoint = found->second;
    } else {
      Endpoint renamed = *found->second;
      renamed.operation_id = work.operation_id;
      work.endpoint = std::make_shared<const Endpoint>(std::move(renamed));
    }
  }
}

void AppendType(const sql::Type& type, std::string& text) {
  text += fmt::format("{}:{}:{}(", type.name, type.oid, static_cast<int>(type.kind));
  if (type.element) AppendType(*type.element, text);
  for (const sql::Attribute& each : type.attributes) {
    text += each.name + " ";
    AppendType(*each.type, text);
  }
  for (const std::string& label : type.labels) text += label + "\n";
  text += ")\n";
}

std::string VersionOf(const Endpoint& endpoint) {
  constexpr std::size_t kDigits = 32;
  std::string text = endpoint.file->sha256 + "\n" + endpoint.query->route.ToString() + "\n";
  for (const EndpointParameter& each : endpoint.parameters) AppendType(*each.type, text);
  for (const EndpointColumn& each : endpoint.columns) {
    text += fmt::format("{} {}\n", each.name, each.nullable);
    AppendType(*each.type, text);
  }
  return files::Sha256(text).substr(0, kDigits);
}

// Whether nobody can tell one from the other.
bool IsSame(const Endpoint& a, const Endpoint& b) {
  return a.operation_id == b.operation_id && a.version == b.version && a.access == b.access &&
         a.reads == b.reads && a.writes == b.writes && a.knows_tables == b.knows_tables &&
         a.live_key == b.live_key && a.why_no_live_key == b.why_no_live_key &&
         std::ranges::equal(a.columns, b.columns, {}, &EndpointColumn::doc, &EndpointColumn::doc);
}

void MakeCatalog(Job& job) {
  static std::atomic<std::uint64_t> number{0};
  auto catalog = std::make_shared<Catalog>();
  catalog->files = job.files;
  catalog->number = ++number;
  for (Work& work : job.works) {
    if (work.endpoint) {
      catalog->endpoints.push_back(std::move(work.endpoint));
    } else {
      catalog->broken.push_back(
          {.route = work.query->route, .path = work.file->path, .reason = std::move(work.reason)});
    }
  }
  job.catalog = std::move(catalog);
}

std::unique_ptr<Describer> DescriberFor(sql::Database& database) {
  return database.dialect() == sql::Dialect::kPostgres ? MakePostgresDescriber(database)
                                                       : MakeSqliteDescriber(database);
}

// Describes what is open, a few at once.
class Round {
 public:
  Round(net::Loop& loop, Job& job, sql::Database& database)
      : loop_(loop),
        job_(job),
        dialect_(database.dialect()),
        describer_(DescriberFor(database)),
        done_(loop) {}

  Task<Result<void>> Run() {
    running_ = std::min(job_.options.width, job_.open.size());
    if (running_ == 0) co_return Result<void>();
    for (std::size_t i = running_; i > 0; --i) scope_.Spawn(Go());
    co_await done_;
    if (away_) co_return std::unexpected(sql::ToError(*away_));
    co_return Result<void>();
  }

 private:
  Task<void> Go() {
    while (next_ < job_.open.size() && !away_) {
      co_await DescribeOne(job_.works[job_.open[next_++]]);
      if (loop_.ShareSpent()) co_await net::NextTurn(loop_);
    }
    // Posted, so that this task has ended before its scope does.
    if (--running_ == 0) loop_.Post([done = done_.sender()] { done.Send(true); });
  }

  Task<void> DescribeOne(Work& work) {
    auto described = co_await describer_->Describe(work.file, *work.query);
    auto refused = described ? CheckLive(*described, dialect_) : std::nullopt;
    if (described && !refused) refused = CheckCharts(*described);
    if (refused) {
      work.reason = ShowProblem(*work.file, *refused);
    } else if (described) {
      described->operation_id = work.operation_id;
      described->version = VersionOf(*described);
      const bool is_same = work.before && IsSame(*described, *work.before);
      work.endpoint = is_same ? work.before : std::make_shared<const Endpoint>(*std::move(described));
    } else if (const auto* problem = std::get_if<files::Problem>(&described.error())) {
      work.reason = ShowProblem(*work.file, *problem);
    } else {
      away_ = std::get<sql::Failure>(described.error());
      away_->kind = sql::FailureKind::kUnavailable;
    }
  }

  net::Loop& loop_;
  Job& job_;
  const sql::Dialect dialect_;
  const std::unique_ptr<Describer> describer_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::optional<sql::Failure> away_;
  net::Reply<bool> done_;
  TaskScope scope_;
};

// Whoever waits may be destroyed meanwhile: what runs on the pool owns the job.
Task<void> OnPool(net::Loop& loop, std::shared_ptr<Job> job, void (*work)(Job&)) {
  co_await net::RunBlocking(loop, [job = std::move(job), work] { work(*job); });
}

}  // namespace

Task<Result<std::shared_ptr<const Catalog>>> Describe(net::Loop& loop, sql::Database& database,
                                                      std::shared_ptr<const files::FileSet> files,
                                                      std::shared_ptr<const Catalog> previous,
                                                      DescribeOptions options) {
  const auto job = std::make_shared<Job>(
      Job{.files = std::move(files), .previous = std::move(previous), .options = options});
  co_await OnPool(loop, job, [](Job& each) {
    ListWorks(each);
    NameWorks(each);
    TakeOver(each);
  });
  Result<void> described;
  {
    Round round(loop, *job, database);
    described = co_await round.Run();
  }
  std::shared_ptr<const Catalog> catalog;
  if (described) {
    co_await OnPool(loop, job, MakeCatalog);
    catalog = std::move(job->catalog);
  }
  co_await OnPool(loop, job, [](Job& each) { each = {}; });
  if (!described) co_return std::unexpected(std::move(described).error());
  co_return catalog;
}

}  // namespace tidemill::queries

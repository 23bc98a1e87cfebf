#include "jobs/workflows/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/json.h"

namespace tidemill::jobs {
namespace {

std::unexpected<Error> WrongWorkflow(std::string what) {
  return Fail(Errc::kInvalidArgument, std::move(what));
}

using Indexes = std::unordered_map<std::string_view, std::size_t>;

Result<Indexes> IndexNames(const WorkflowDefinition& definition) {
  if (definition.nodes.empty()) return WrongWorkflow("a workflow has one node at least");
  if (definition.nodes.size() > kWorkflowNodesMax) {
    return Fail(Errc::kLimitExceeded, fmt::format("a workflow has at most {} nodes", kWorkflowNodesMax));
  }
  Indexes indexes;
  for (std::size_t i = 0; i < definition.nodes.size(); ++i) {
    const std::string& name = definition.nodes[i].name;
    if (name.empty() || name.size() > job::kNodeNameBytesMax) {
      return WrongWorkflow(fmt::format("a node's name has 1 to {} bytes", job::kNodeNameBytesMax));
    }
    if (!indexes.emplace(name, i).second) return WrongWorkflow(fmt::format("node {} is there twice", name));
  }
  for (const auto& node : definition.nodes) {
    if (node.after.size() > job::kDependenciesMax) {
      return Fail(Errc::kLimitExceeded,
                  fmt::format("node {} comes after more than {}", node.name, job::kDependenciesMax));
    }
    for (const std::string& name : node.after) {
      if (!indexes.contains(name))
        return WrongWorkflow(fmt::format("node {} comes after {}, which is not there", node.name, name));
    }
  }
  return indexes;
}

// The nodes that are left when all that can be put in order are: among them is a circle.
std::string SpellCircle(const WorkflowDefinition& definition, const Indexes& indexes,
                        const std::vector<bool>& is_placed) {
  std::size_t at = static_cast<std::size_t>(std::ranges::find(is_placed, false) - is_placed.begin());
  std::vector<std::size_t> path;
  while (std::ranges::find(path, at) == path.end()) {
    path.push_back(at);
    for (const std::string& name : definition.nodes[at].after) {
      if (is_placed[indexes.at(name)]) continue;
      at = indexes.at(name);
      break;
    }
  }
  std::string circle;
  // Each comes after the next of the path: it is read backwards.
  const auto begin = std::ranges::find(path, at);
  circle = definition.nodes[at].name;
  for (auto step = path.end(); step-- != begin;) circle += " → " + definition.nodes[*step].name;
  return circle;
}

Result<std::vector<std::size_t>> Order(const WorkflowDefinition& definition, const Indexes& indexes) {
  const std::size_t count = definition.nodes.size();
  std::vector<std::vector<std::size_t>> followers(count);
  std::vector<std::size_t> missing(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    missing[i] = definition.nodes[i].after.size();
    for (const std::string& name : definition.nodes[i].after) followers[indexes.at(name)].push_back(i);
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < count; ++i) {
    if (missing[i] == 0) order.push_back(i);
  }
  std::vector<bool> is_placed(count, false);
  for (std::size_t i = 0; i < order.size(); ++i) {
    is_placed[order[i]] = true;
    for (const std::size_t follower : followers[order[i]]) {
      if (--missing[follower] == 0) order.push_back(follower);
    }
  }
  if (order.size() == count) return order;
  return WrongWorkflow("the nodes depend on each other in a circle: " +
                       SpellCircle(definition, indexes, is_placed));
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(text, quoted);
  return quoted;
}

}  // namespace

Result<std::vector<job::Job>> MakeJobs(WorkflowDefinition definition, std::string_view workflow,
                                       WallTime now) {
  TM_TRY_ASSIGN(const Indexes indexes, IndexNames(definition));
  TM_TRY_ASSIGN(const std::vector<std::size_t> order, Order(definition, indexes));
  std::unordered_map<std::string_view, std::string_view> names_by_jid;
  for (const auto& node : definition.nodes) {
    const auto [at, is_new] = names_by_jid.emplace(node.job.jid, node.name);
    if (!is_new) {
      return WrongWorkflow(fmt::format("nodes {} and {} have the same jid", at->second, node.name));
    }
  }
  std::vector<job::Job> jobs;
  for (const std::size_t index : order) {
    job::Job job = definition.nodes[index].job;
    std::string after;
    JsonWriter json(after);
    json.BeginArray();
    for (const std::string& name : definition.nodes[index].after)
      json.String(definition.nodes[indexes.at(name)].job.jid);
    json.EndArray();
    const std::string quoted_workflow = Quoted(workflow);
    const std::string quoted_name = Quoted(definition.nodes[index].name);
    const job::CustomMember members[] = {
        {"workflow", quoted_workflow}, {"node", quoted_name}, {"depends_on", after}};
    job::SetCustom(job, members);
    std::string text;
    job::AppendText(job, text);
    TM_TRY_ASSIGN(job, job::ParseJob(text, now));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace tidemill::jobs

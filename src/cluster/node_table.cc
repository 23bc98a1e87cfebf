#include "cluster/node_table.h"

#include <utility>

namespace tidemill::cluster {

NodeTable::Heard NodeTable::Hear(control::NodeInfo node, MonotonicTime now) {
  const auto at = entries_.find(NodeId(node.uid));
  if (at == entries_.end()) {
    if (entries_.size() >= kNodesMax) return Heard::kFull;
    NodeId id(node.uid);
    entries_.emplace(std::move(id), Entry{.info = std::move(node), .heard_at = now});
    ++live_;
    return Heard::kNew;
  }
  Entry& entry = at->second;
  if (entry.left) return Heard::kHasLeft;
  entry.info = std::move(node);
  entry.heard_at = now;
  entry.suspect = false;
  return Heard::kKnown;
}

void NodeTable::Touch(const NodeId& id, MonotonicTime now) {
  const auto at = entries_.find(id);
  if (at == entries_.end() || at->second.left) return;
  at->second.heard_at = now;
  at->second.suspect = false;
}

void NodeTable::TouchAll(MonotonicTime now) {
  for (auto& [id, entry] : entries_) entry.heard_at = now;
}

bool NodeTable::Leave(const NodeId& id, MonotonicTime now) {
  const auto at = entries_.find(id);
  if (at == entries_.end() || at->second.left) return false;
  at->second.left = true;
  at->second.heard_at = now;
  --live_;
  return true;
}

std::vector<control::NodeInfo> NodeTable::Expire(MonotonicTime now) {
  std::vector<control::NodeInfo> silent;
  std::erase_if(entries_, [&](const auto& entry) {
    const Entry& node = entry.second;
    if (now - node.heard_at < kSilence) return false;
    if (!node.left) silent.push_back(node.info);
    return true;
  });
  live_ -= silent.size();
  return silent;
}

void NodeTable::Suspect(const NodeId& id) {
  if (const auto at = entries_.find(id); at != entries_.end()) at->second.suspect = true;
}

std::vector<NodeId> NodeTable::Live() const {
  std::vector<NodeId> ids;
  for (const auto& [id, entry] : entries_) {
    if (!entry.left) ids.push_back(id);
  }
  return ids;
}

std::vector<NodeId> NodeTable::Responsive() const {
  std::vector<NodeId> ids;
  for (const auto& [id, entry] : entries_) {
    if (!entry.left && !entry.suspect) ids.push_back(id);
  }
  return ids;
}

const control::NodeInfo* NodeTable::Find(const NodeId& id) const {
  const auto at = entries_.find(id);
  return at == entries_.end() || at->second.left ? nullptr : &at->second.info;
}

}  // namespace tidemill::cluster

#include "realtime/hub/delta_bases.h"

#include <span>

#include "realtime/protocol/reply_bytes.h"

namespace tidemill::hub {
namespace {

std::size_t BytesOf(const broker::PublicationPtr& base) {
  return sizeof(broker::Publication) + protocol::ReplyBytes(std::span(&base, 1));
}

}  // namespace

bool DeltaBudget::Take(std::size_t bytes) {
  if (bytes > bytes_max_ - bytes_) {
    refused_.Add();
    return false;
  }
  bytes_ += bytes;
  bytes_gauge_.Add(static_cast<std::int64_t>(bytes));
  return true;
}

void DeltaBudget::Give(std::size_t bytes) {
  bytes_ -= bytes;
  bytes_gauge_.Sub(static_cast<std::int64_t>(bytes));
}

const broker::Publication* DeltaBases::Find(std::string_view key) const {
  if (key.empty()) return of_stream_.get();
  const auto found = of_keys_.find(key);
  return found == of_keys_.end() ? nullptr : found->second.get();
}

void DeltaBases::Keep(const broker::PublicationPtr& publication) {
  const std::string& key = publication->key;
  if (publication->removed) return Forget(key);
  if (key.empty()) {
    GiveUp(of_stream_);
    if (budget_.Take(BytesOf(publication))) of_stream_ = publication;
    return;
  }
  const auto found = of_keys_.find(key);
  if (found != of_keys_.end()) GiveUp(found->second);
  if (!budget_.Take(BytesOf(publication))) {
    if (found != of_keys_.end()) of_keys_.erase(found);
    return;
  }
  if (found != of_keys_.end()) {
    found->second = publication;
    return;
  }
  if (of_keys_.size() == kKeysMax) {
    GiveUp(of_keys_.begin()->second);
    of_keys_.erase(of_keys_.begin());
  }
  of_keys_.emplace(key, publication);
}

void DeltaBases::Forget(std::string_view key) {
  if (key.empty()) return GiveUp(of_stream_);
  const auto found = of_keys_.find(key);
  if (found == of_keys_.end()) return;
  GiveUp(found->second);
  of_keys_.erase(found);
}

void DeltaBases::Clear() {
  GiveUp(of_stream_);
  for (auto& [key, base] : of_keys_) GiveUp(base);
  of_keys_.clear();
}

void DeltaBases::GiveUp(broker::PublicationPtr& base) {
  if (!base) return;
  budget_.Give(BytesOf(base));
  base.reset();
}

}  // namespace tidemill::hub

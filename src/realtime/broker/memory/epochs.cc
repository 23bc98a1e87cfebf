#include "realtime/broker/memory/epochs.h"

#include <functional>
#include <span>
#include <string>

#include "base/random.h"

namespace tidemill::broker::memory {
namespace {

// The finalizer of SplitMix64: each bit of the result depends on each of the input.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::uint64_t HashOf(const channels::ChannelName& channel) {
  return std::hash<std::string>{}(channel.value());
}

}  // namespace

Epochs::Epochs() { FillRandom(std::as_writable_bytes(std::span(&secret_, 1))); }

std::size_t Epochs::GroupOf(const channels::ChannelName& channel) { return Mix(HashOf(channel)) % kGroups; }

Epoch Epochs::Of(const channels::ChannelName& channel, Generation generation) const {
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::uint64_t bits = Mix(Mix(secret_ ^ HashOf(channel)) ^ generation);
  Epoch epoch;
  for (char& letter : epoch) {
    letter = kLetters[bits % 52];
    bits /= 52;
  }
  return epoch;
}

}  // namespace tidemill::broker::memory

// Epochs: the epochs of the streams of one loop's channels, also of those that are not kept because nothing
// was ever published in them.
//
// An epoch follows from the channel's name, a generation and a secret of the process. A channel whose stream
// never held anything therefore costs no memory, and still has the same position, offset 0, however often it
// is asked for: who has seen it recovers what is published later. When a stream that held something is
// forgotten, Retire gives its channel the next generation, so that its epoch never comes again. Generations
// are counted for groups of channels: another channel of the group may be given a new epoch too soon, which
// only says `recovered: false` where nothing was missed.
//
// Loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "realtime/channels/name.h"

namespace tidemill::broker::memory {

// Eight letters, a-zA-Z.
using Epoch = std::array<char, 8>;

class Epochs {
 public:
  using Generation = std::uint32_t;

  Epochs();

  // Of a channel that gets an entry, or has none.
  Generation Current(const channels::ChannelName& channel) const { return generations_[GroupOf(channel)]; }
  // The channel's stream is forgotten, with what it held. Gives the channel's next generation.
  Generation Retire(const channels::ChannelName& channel) { return ++generations_[GroupOf(channel)]; }

  Epoch Of(const channels::ChannelName& channel, Generation generation) const;

 private:
  static constexpr std::size_t kGroups = 4096;
  static std::size_t GroupOf(const channels::ChannelName& channel);

  std::uint64_t secret_ = 0;
  std::vector<Generation> generations_ = std::vector<Generation>(kGroups);
};

}  // namespace tidemill::broker::memory

// Encoder: writes one event into the logs of every form that wants it, encoding it once per encoding and
// direction, and once more for each way in which its data stand there: plain, as the text that deltas begin
// with, as a delta.
//
// The first form of each gets it encoded in place, right into its log; the others copy those bytes. What a
// compressed form sends is compressed once. Private to hub/. Loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "realtime/hub/form.h"
#include "realtime/hub/frame_log.h"
#include "realtime/protocol/codec.h"

namespace tidemill::hub {

class Encoder {
 public:
  // Messages of fewer bytes are not compressed.
  explicit Encoder(std::size_t compression_min_bytes) : compression_min_bytes_(compression_min_bytes) {}

  // How the publication's data come from those of the one before.
  struct Delta {
    const protocol::Publication* base = nullptr;
    std::string_view bytes;
  };

  // The event that AppendTo writes from here on, to each log at most once. Borrowed until the next one.
  void Begin(std::string_view channel, const protocol::Publication& publication,
             std::optional<Delta> delta = std::nullopt);
  // `bytes_max`: of the push, encoded.
  void Begin(const protocol::Push& push, std::size_t bytes_max);

  // Appends one frame. False: the publication's data are not JSON, which the form needs; nothing is appended.
  bool AppendTo(FrameLog& log, const Form& form);

 private:
  // What a message has for a publication's data.
  enum class Content : std::uint8_t { kPlain, kText, kDelta };
  static constexpr std::size_t kContents = 3;

  // The event in one encoding and direction, with one content.
  struct Message {
    std::uint64_t event = 0;    // of which `bytes` is
    std::string_view bytes;     // in a log, or in `scratch`
    std::size_t overhead = 64;  // how much longer than its data the last one was
    std::string scratch;
    std::uint64_t compressed_event = 0;  // of which `compressed` is
    std::optional<std::string> compressed;
  };

  bool IsJson();
  Content ContentFor(const Form& form);
  void Encode(const Form& form, Content content, std::string& out) const;
  void EncodeInto(FrameLog& log, const Form& form, Content content, Message& message) const;
  const std::string* Compressed(const Form& form, Content content, Message& message) const;

  const std::size_t compression_min_bytes_;
  std::string_view channel_;
  const protocol::Publication* publication_ = nullptr;  // this, or
  const protocol::Push* push_ = nullptr;
  std::optional<Delta> delta_;
  std::uint64_t event_ = 0;  // counts
  std::size_t data_bytes_ = 0;
  std::size_t bytes_max_ = 0;         // of a message
  std::optional<bool> is_json_;       // the publication's data; looked at when it must be known
  std::optional<bool> base_is_json_;  // the same of the one before
  std::array<Message, 4 * kContents> messages_;
};

}  // namespace tidemill::hub

// Settings of chat: chat.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::chat {

struct ChatSettings {
  bool enabled = false;
  std::uint32_t text_max = 8'000;        // characters of a message
  std::uint32_t sends_per_second = 10;   // of one user
  std::uint32_t sends_burst = 30;        // at once
  std::uint32_t calls_per_second = 50;   // of any kind, of one user
  std::uint32_t calls_burst = 300;       // at once
  std::uint32_t batch_max = 64;          // sends of one transaction
  std::uint32_t room_queue_max = 2'000;  // writes that wait for one room
  Duration typing_interval = Seconds(3);
  Duration activity_interval = Seconds(1);
  friend bool operator==(const ChatSettings&, const ChatSettings&) = default;
};

config::Section<ChatSettings> ChatSection();

}  // namespace tidemill::chat

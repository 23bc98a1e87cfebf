// Source: who is asked about the keys of shared polls: the operator's service.
//
// Loop thread only; outlives the Poller that asks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/task.h"

namespace tidemill::polls {

struct Asked {
  std::string key;
  std::uint64_t version = 0;  // that is known; 0: none. Of versioned polls
};

struct Question {
  std::string channel;
  std::string proxy;       // by its name in the settings
  bool versioned = false;  // whether versions are told
  std::vector<Asked> items;
};

struct Item {
  std::string key;
  std::optional<std::string> data;  // raw bytes; nullopt: not told
  bool data_is_json = false;
  std::uint64_t version = 0;
  bool removed = false;
};

struct Answer {
  std::vector<Item> items;  // a key that is not among them has not changed
  std::string epoch;        // of the versions; "": there is none
};

class Source {
 public:
  // nullopt: there is no answer; who is asked has counted and logged why.
  virtual Task<std::optional<Answer>> Poll(Question question) = 0;

 protected:
  ~Source() = default;
};

}  // namespace tidemill::polls

// A job as the API lists it, as far as a table shows it.
#pragma once

#include <string>

#include "base/json.h"

namespace tidemill::cli {

struct JobLine {
  std::string jid;
  std::string type;
  std::string queue;
  std::string state;
  std::string at;      // RFC 3339; "": none
  std::string worker;  // "": nobody has it
  std::string args;    // JSON on one line
  std::string error;   // the last failure's message
};

// Reads the object that comes next.
JobLine ReadJobLine(JsonReader& json);

}  // namespace tidemill::cli

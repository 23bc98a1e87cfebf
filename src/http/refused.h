// Refused: why a request is not read on. A value; any thread.
#pragma once

namespace tidemill::http {

struct Refused {
  int status = 400;
  const char* why = "";  // for the response's body and the log
  friend bool operator==(const Refused&, const Refused&) = default;
};

}  // namespace tidemill::http

// People: who has signed in, for requests that carry no key of the API; and the record of what they do.
//
// The API knows no accounts: who has them implements this. One per loop, loop thread only.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "api/role.h"
#include "base/result.h"
#include "http/message.h"
#include "net/task.h"

namespace tidemill::api {

struct Person {
  std::string user;     // the id of the account
  std::string address;  // that the request comes from
  Role role = Role::kViewer;
};

// Why somebody is not let in.
struct Stranger {
  int status = 401;  // or 403: signed in, without a role, or from a page of another site; 503: not known now
  std::string why;
};

class People {
 public:
  virtual ~People() = default;

  // Whether the request carries credentials of a person, good or not.
  virtual bool HasCredentials(const http::Request& request) const = 0;
  // `request` must outlive the task.
  virtual Task<std::expected<Person, Stranger>> Identify(const http::Request& request) = 0;
  // Notes that the person is about to do this; gives the id of the entry. An error: it is not noted, and so
  // must not be done.
  virtual Task<Result<std::int64_t>> BeginAction(Person person, std::string action, std::string target) = 0;
  // What came of it: "done", or the error.
  virtual Task<Result<>> EndAction(std::int64_t entry, std::string result) = 0;
};

}  // namespace tidemill::api

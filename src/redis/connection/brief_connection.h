// BriefConnection: owns a Connection in a coroutine's frame, and retires it with the frame.
//
// Loop thread only.
#pragma once

#include <memory>
#include <utility>

#include "net/async.h"
#include "net/loop.h"
#include "net/until.h"
#include "redis/connection/connection.h"

namespace tidemill::redis {

class BriefConnection {
 public:
  BriefConnection(net::Loop& loop, std::unique_ptr<Connection> connection)
      : loop_(loop), connection_(std::move(connection)) {}
  BriefConnection(const BriefConnection&) = delete;
  BriefConnection& operator=(const BriefConnection&) = delete;
  ~BriefConnection() { loop_.Retire(std::move(connection_)); }

  Connection* operator->() const { return connection_.get(); }
  Connection& operator*() const { return *connection_; }

 private:
  net::Loop& loop_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace tidemill::redis

// One client of Faktory's protocol whose bytes go to the owner of the jobs, and back. Private to jobs/nodes.
//
// Nothing is read of the client until the owner has taken the connection, so a client that is refused gets
// the reason instead of a greeting. Loop thread only. Owns itself: Finish takes it out of the gate's list and
// retires it; a gate that ends deletes those still in its list.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "http/response_parser.h"
#include "jobs/nodes/gate.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::nodes {

class Relay final : public net::Retirable, public ListLink<Relay>, private net::Timer {
 public:
  Relay(Gate& gate, std::unique_ptr<net::Stream> client, jobs::Owner owner);
  ~Relay() override;

  void Start();
  // The owner is none any more.
  void CloseSoon();
  // Leaves the gate; nothing follows. It is then the caller's to destroy.
  void Leave();

  void OnRetire() override;

 private:
  enum class Phase : std::uint8_t { kConnecting, kAsking, kRelaying, kClosing };

  struct Side final : net::StreamHandler {
    explicit Side(Relay& r) : relay(r) {}
    void OnData(std::string_view bytes) override { relay.OnData(*this, bytes); }
    void OnWritable() override { relay.OnWritable(*this); }
    void OnClosed() override { relay.OnClosed(*this); }

    Relay& relay;
    std::unique_ptr<net::Stream> stream;  // null: not connected yet
    bool closed = false;
  };

  static Task<void> Connect(Relay& self);
  Side& Other(Side& side) { return &side == &client_ ? owner_ : client_; }
  void OnData(Side& from, std::string_view bytes);
  void OnWritable(Side& side);
  void OnClosed(Side& side);
  void OnTimer() override;
  void ReadAnswer(std::string_view bytes);
  void Pass(Side& to, std::string_view bytes);
  bool Count();
  // The client is told why it is not served.
  void Refuse(std::string_view why);
  void Finish();

  Gate& gate_;
  const jobs::Owner to_;
  Side client_{*this};
  Side owner_{*this};
  http::ResponseParser answer_;  // of the owner, to the upgrade
  std::size_t counted_ = 0;      // in the gate's budget
  Phase phase_ = Phase::kConnecting;
  bool finished_ = false;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace tidemill::nodes

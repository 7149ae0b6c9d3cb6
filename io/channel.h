// Channel: requests and replies between our own processes over a listening Unix socket, with descriptors where wanted.
// The server admits only peers of its own user or root (SO_PEERCRED). The client keeps one stream for all its
// requests, connects when first needed and again after a loss, so that either side may restart.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/task.h"
#include "io/channel_link.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/socket_address.h"

namespace hikyaku::io {

enum class ChannelFailure : std::uint8_t {
  Unavailable,  // nobody answers there, or the stream was lost: for OnLoss::Fail the outcome is unknown
  TimedOut,     // the deadline passed: the outcome is unknown
  Busy,         // too many requests are under way; nothing was sent
  TooLarge,     // the message is beyond the limits; nothing was sent
  Cancelled,    // this process is stopping
};

struct ChannelError {
  ChannelFailure kind;
  std::string what;
};

// What becomes of a request whose stream is lost before the reply. Repeat only what may be done twice, and what
// carries no descriptors.
enum class OnLoss : std::uint8_t { Fail, Repeat };

class ChannelClient {
 public:
  static constexpr std::size_t outstanding_limit = 4096;
  static constexpr Duration absence_limit = std::chrono::seconds{10};  // longer than a restart takes

  ChannelClient(Loop& loop, SocketAddress server);
  ChannelClient(const ChannelClient&) = delete;
  ChannelClient& operator=(const ChannelClient&) = delete;
  // Requests still awaited end with Cancelled at the loop's next turn; they must not outlive the loop.
  ~ChannelClient();

  // Sends `message` and waits for its reply. Requests overtake each other. A server that is not there (restarting) is
  // tried again until the deadline, but not for longer than `absence_limit`: a service that was stopped is no reason to hang.
  Task<Result<Message, ChannelError>> request(Message message, Deadline deadline, OnLoss on_loss = OnLoss::Fail);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct PeerProcess {
  int pid = 0;
  std::uint32_t uid = 0;
};

class ChannelServer {
 public:
  // Answers one request. Runs as a coroutine of its own; several of one peer run at once. An exception is a bug: the
  // peer gets no reply, and its stream is closed.
  using Handler = std::function<Task<Message>(Message request, PeerProcess peer)>;
  static constexpr std::size_t requests_per_peer = 1024;  // beyond, the peer's stream is not read

  // The handler must outlive every request of the loop.
  ChannelServer(Loop& loop, Descriptor listening, Handler handler);

  // Serves until close() or the loop's end. Spawn it.
  Task<void> serve();
  void close() { listener_.close(); }

 private:
  struct Peer;
  static Task<void> serve_peer(ChannelServer& server, std::shared_ptr<Peer> peer);
  static Task<void> answer(ChannelServer& server, std::shared_ptr<Peer> peer, std::uint64_t id, Message request);
  void admit(Descriptor socket);

  Loop& loop_;
  Listener listener_;
  Handler handler_;
};

}  // namespace hikyaku::io

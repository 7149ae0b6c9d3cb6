#include "io/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/wire.h"

namespace hikyaku::io {

namespace {

// In front of every message of ours: which request it is, or answers.
constexpr std::size_t id_octets = 8;
constexpr Duration first_retry = 10ms;
constexpr Duration longest_retry = 500ms;

void put_id(Message& message, std::uint64_t id) { message.octets.insert(0, WireWriter{}.u64(id).bytes()); }

// False when the message is too short to have one.
bool take_id(Message& message, std::uint64_t& id) {
  WireReader in(message.octets);
  id = in.u64();
  if (in.broken()) return false;
  message.octets.erase(0, id_octets);
  return true;
}

}  // namespace

// --- the client ---

struct ChannelClient::State {
  enum class Reply : std::uint8_t { Awaited, Arrived, Lost };
  // One request under way; lives in the frame of the coroutine that awaits it.
  struct Pending {
    Reply reply = Reply::Awaited;
    const ChannelLink* sent_on = nullptr;  // compared only
    Message message;
    Event changed;
  };

  State(Loop& on, SocketAddress to) : loop(on), server(std::move(to)) {}

  Loop& loop;
  SocketAddress server;
  std::shared_ptr<ChannelLink> link;
  bool connecting = false;
  bool closed = false;
  Event connect_ended;
  std::string last_failure = "not connected yet";
  std::uint64_t next_id = 1;
  std::unordered_map<std::uint64_t, Pending*> pending;

  void lose(const std::shared_ptr<ChannelLink>& lost) {
    lost->close();
    if (link == lost) link = nullptr;
    for (auto& [id, waiting] : pending) {
      if (waiting->sent_on != lost.get()) continue;
      waiting->reply = waiting->reply == Reply::Arrived ? Reply::Arrived : Reply::Lost;
      waiting->changed.notify_all();
    }
  }

  // Forgets a request when its coroutine ends, however it ends.
  struct Registered {
    State& state;
    std::uint64_t id;
    ~Registered() { state.pending.erase(id); }
  };

  static Task<void> receive_replies(std::shared_ptr<State> state, std::shared_ptr<ChannelLink> link);
  static Task<void> try_connect(std::shared_ptr<State> state, Deadline deadline);
  static Task<Result<void, ChannelError>> ready_link(std::shared_ptr<State> state, Deadline deadline);
};

Task<void> ChannelClient::State::receive_replies(std::shared_ptr<State> state, std::shared_ptr<ChannelLink> link) {
  for (;;) {
    auto receiving = link->receive(Instant::max());
    auto got = co_await std::move(receiving);
    std::uint64_t id = 0;
    if (!got || !take_id(*got, id)) {
      state->last_failure = got ? "the server sent a message without a number" : got.error().what;
      break;
    }
    const auto found = state->pending.find(id);
    if (found == state->pending.end()) continue;  // given up meanwhile
    found->second->reply = Reply::Arrived;
    found->second->message = std::move(*got);
    found->second->changed.notify_all();
  }
  state->lose(link);
}

Task<void> ChannelClient::State::try_connect(std::shared_ptr<State> state, Deadline deadline) {
  auto connecting = connect(state->loop, state->server, deadline);
  auto connected = co_await std::move(connecting);
  state->connecting = false;
  if (!connected) {
    state->last_failure = connected.error().what;
  } else if (!state->closed) {
    state->link = std::make_shared<ChannelLink>(state->loop, (*connected)->release());
    state->loop.spawn(receive_replies(state, state->link));
  }
  state->connect_ended.notify_all();
}

// Returns when there is a link; tries with growing pauses until the deadline.
Task<Result<void, ChannelError>> ChannelClient::State::ready_link(std::shared_ptr<State> state, Deadline deadline) {
  Duration pause = first_retry;
  for (bool first = true;; first = false) {
    if (state->link && state->link->open()) co_return Result<void, ChannelError>{};
    if (state->closed) co_return failure(ChannelError{ChannelFailure::Cancelled, "the channel is closed"});
    Wake outcome{};
    if (!first && !state->connecting) {
      const Instant next = std::min(deadline, state->loop.after(pause));
      outcome = co_await state->loop.sleep_until(next);
      pause = std::min(2 * pause, longest_retry);
      if (outcome == Wake::Cancelled)
        co_return failure(ChannelError{ChannelFailure::Cancelled, "this process is stopping"});
      if (state->loop.now() >= deadline)
        co_return failure(ChannelError{ChannelFailure::Unavailable, state->last_failure});
      if (state->link) continue;
    }
    if (!std::exchange(state->connecting, true)) state->loop.spawn(try_connect(state, state->loop.after(5s)));
    outcome = co_await state->connect_ended.wait(state->loop, deadline);
    if (outcome == Wake::Cancelled)
      co_return failure(ChannelError{ChannelFailure::Cancelled, "this process is stopping"});
    if (outcome == Wake::TimedOut) co_return failure(ChannelError{ChannelFailure::Unavailable, state->last_failure});
  }
}

ChannelClient::ChannelClient(Loop& loop, SocketAddress server)
    : state_(std::make_shared<State>(loop, std::move(server))) {}

ChannelClient::~ChannelClient() {
  state_->closed = true;
  if (state_->link) state_->lose(state_->link);
  state_->connect_ended.notify_all();
}

Task<Result<Message, ChannelError>> ChannelClient::request(Message message, Deadline deadline, OnLoss on_loss) {
  const auto state = state_;
  if (message.octets.size() + id_octets > frame_limit_octets || message.descriptors.size() > frame_descriptor_limit) {
    co_return failure(ChannelError{ChannelFailure::TooLarge, std::to_string(message.octets.size()) + " octets"});
  }
  if (state->pending.size() >= outstanding_limit)
    co_return failure(ChannelError{ChannelFailure::Busy, "too many requests are under way"});
  const std::uint64_t id = state->next_id++;
  put_id(message, id);
  State::Pending pending;
  state->pending.emplace(id, &pending);
  const State::Registered registered{*state, id};
  for (Duration pause = first_retry;; pause = std::min(2 * pause, longest_retry)) {
    auto readying = State::ready_link(state, std::min(deadline, state->loop.after(absence_limit)));
    CO_TRY_VOID(co_await std::move(readying));
    pending.reply = State::Reply::Awaited;
    pending.sent_on = state->link.get();
    Message sent{message.octets, std::move(message.descriptors)};
    const auto link = state->link;
    if (!link->send(std::move(sent))) {
      if (link->open()) co_return failure(ChannelError{ChannelFailure::Busy, "the channel's queue is full"});
      pending.reply = State::Reply::Lost;
    }
    Wake outcome = Wake::Ready;
    while (pending.reply == State::Reply::Awaited && outcome == Wake::Ready)
      outcome = co_await pending.changed.wait(state->loop, deadline);
    if (pending.reply == State::Reply::Arrived) co_return std::move(pending.message);
    if (state->closed || outcome == Wake::Cancelled)
      co_return failure(ChannelError{ChannelFailure::Cancelled, "the channel is closed"});
    if (outcome == Wake::TimedOut) co_return failure(ChannelError{ChannelFailure::TimedOut, "no reply in time"});
    if (on_loss == OnLoss::Fail) co_return failure(ChannelError{ChannelFailure::Unavailable, state->last_failure});
    // A server that dies of this very request must not be asked in a tight circle.
    outcome = co_await state->loop.sleep_until(std::min(deadline, state->loop.after(pause)));
    if (outcome == Wake::Cancelled)
      co_return failure(ChannelError{ChannelFailure::Cancelled, "this process is stopping"});
  }
}

// --- the server ---

struct ChannelServer::Peer {
  std::shared_ptr<ChannelLink> link;
  PeerProcess process;
  std::size_t under_way = 0;
  Event one_ended;
};

ChannelServer::ChannelServer(Loop& loop, Descriptor listening, Handler handler)
    : loop_(loop), listener_(loop, std::move(listening)), handler_(std::move(handler)) {}

Task<void> ChannelServer::serve() {
  for (;;) {
    auto accepting = listener_.accept();
    auto accepted = co_await std::move(accepting);
    if (!accepted) co_return;
    admit(std::move(accepted->socket));
  }
}

void ChannelServer::admit(Descriptor socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return;
  if (peer.uid != 0 && peer.uid != ::geteuid()) return;  // closed without a word
  auto admitted = std::make_shared<Peer>();
  admitted->link = std::make_shared<ChannelLink>(loop_, std::move(socket));
  admitted->process = {.pid = peer.pid, .uid = peer.uid};
  loop_.spawn(serve_peer(*this, std::move(admitted)));
}

Task<void> ChannelServer::serve_peer(ChannelServer& server, std::shared_ptr<Peer> peer) {
  Loop& loop = server.loop_;
  for (;;) {
    while (peer->under_way >= requests_per_peer) {
      const Wake outcome = co_await peer->one_ended.wait(loop, Instant::max());
      if (outcome == Wake::Cancelled) break;
    }
    auto receiving = peer->link->receive(Instant::max());
    auto got = co_await std::move(receiving);
    std::uint64_t id = 0;
    if (!got || !take_id(*got, id)) break;
    ++peer->under_way;
    loop.spawn(answer(server, peer, id, std::move(*got)));
  }
  peer->link->close();
}

Task<void> ChannelServer::answer(ChannelServer& server, std::shared_ptr<Peer> peer, std::uint64_t id, Message request) {
  struct Ending {
    Peer& peer;
    bool answered = false;
    ~Ending() {
      --peer.under_way;
      peer.one_ended.notify_all();
      if (!answered) peer.link->close();
    }
  } ending{*peer};
  auto handling = server.handler_(std::move(request), peer->process);
  Message reply = co_await std::move(handling);
  put_id(reply, id);
  // A reply that cannot be sent would leave its request waiting: the peer learns by the closed stream.
  ending.answered = peer->link->send(std::move(reply));
}

}  // namespace hikyaku::io

#include "apps/front/store_door.h"

namespace hikyaku::apps::front {
namespace {
// A place among the running sessions, given back however the session ends.
class Counted {
 public:
  explicit Counted(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*count_; }

 private:
  std::shared_ptr<std::size_t> count_;
};
}  // namespace

StoreDoor::StoreDoor(io::Loop& loop, io::Descriptor listening, std::size_t sessions_limit, Session session)
    : loop_(loop),
      sessions_limit_(sessions_limit),
      session_(std::move(session)),
      server_(loop, std::move(listening), [this](io::Message request, io::PeerProcess) { return answer(std::move(request)); }) {}

void StoreDoor::close() {
  closed_ = true;
  server_.close();
}

io::Task<void> StoreDoor::run(std::shared_ptr<std::size_t> sessions, Session& session, HandedOver who,
                              std::unique_ptr<io::Connection> stream) {
  const Counted place(std::move(sessions));
  auto serving = session(std::move(who), std::move(stream));
  co_await std::move(serving);
}

io::Task<io::Message> StoreDoor::answer(io::Message request) {
  auto who = HandedOver::decode(request.octets);
  if (closed_ || !who || request.descriptors.size() != 1) co_return io::Message{encode(Taken::Stopping), {}};
  if (*sessions_ >= sessions_limit_) co_return io::Message{encode(Taken::TooMany), {}};
  auto stream = std::make_unique<io::Connection>(loop_, std::move(request.descriptors.front()), io::SocketAddress{});
  loop_.spawn(run(sessions_, session_, std::move(*who), std::move(stream)));
  co_return io::Message{encode(Taken::Yes), {}};
}

}  // namespace hikyaku::apps::front

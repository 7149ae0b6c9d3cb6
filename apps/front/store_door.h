// StoreDoor: how a store process (imap-store, pop3-store) takes the clients that its front hands over. Only processes of
// the same user reach it (io/channel.h); whoever comes through here is logged in.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "apps/front/hand_over.h"
#include "io/channel.h"
#include "io/connection.h"

namespace hikyaku::apps::front {

class StoreDoor {
 public:
  // Serves one client to its end; runs as a coroutine of its own on the loop.
  using Session = std::function<io::Task<void>(HandedOver who, std::unique_ptr<io::Connection> stream)>;

  // `listening` is the inherited "pop3-store" or "imap-store" socket. The door must outlive the loop's run.
  StoreDoor(io::Loop& loop, io::Descriptor listening, std::size_t sessions_limit, Session session);

  // Spawn it. Ends after close().
  io::Task<void> serve() { return server_.serve(); }
  // Takes nobody any more; running sessions go on.
  void close();
  [[nodiscard]] std::size_t sessions() const { return *sessions_; }

 private:
  io::Task<io::Message> answer(io::Message request);
  static io::Task<void> run(std::shared_ptr<std::size_t> sessions, Session& session, HandedOver who,
                            std::unique_ptr<io::Connection> stream);

  io::Loop& loop_;
  std::size_t sessions_limit_;
  Session session_;
  std::shared_ptr<std::size_t> sessions_ = std::make_shared<std::size_t>(0);
  bool closed_ = false;
  io::ChannelServer server_;
};

}  // namespace hikyaku::apps::front

// InnerRecipients: whether the inner server of a relay domain has a user: by what it said before, else by asking it. `deliver` asks, which knows the way;
// a slow server keeps nobody waiting but who asks for its users, and not for longer than the settings say.
#pragma once

#include <string>

#include "base/task.h"
#include "io/channel.h"
#include "io/loop.h"
#include "mail/address.h"
#include "services/policy/recipient_store.h"

namespace hikyaku::receive {

// Of one loop.
class InnerRecipients {
 public:
  InnerRecipients(io::Loop& loop, policy::RecipientStore& store, std::string socket_path);

  struct Terms {
    policy::Reach reach = policy::Reach::Open;
    policy::UnknownWhileAway otherwise = policy::UnknownWhileAway::Accept;
    Duration patience{};
  };
  struct Found {
    policy::RecipientVerdict verdict = policy::RecipientVerdict::Accept;  // never Ask
    std::string words;  // what the server said just now; empty: it was not asked
  };
  Task<Found> find(Address recipient, Terms terms);

 private:
  struct Asked {
    std::string words;  // for the log
    bool busy = false;  // it was not asked, for a cause of ours
  };
  Task<Asked> ask(const Address& recipient, const std::string& user, Deadline deadline);
  [[nodiscard]] bool is_there() const;

  io::Loop& loop_;
  policy::RecipientStore& store_;
  const std::string path_;
  io::ChannelClient channel_;
  SystemClock clock_;
};

}  // namespace hikyaku::receive

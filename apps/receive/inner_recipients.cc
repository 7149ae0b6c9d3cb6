#include "apps/receive/inner_recipients.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "services/delivery/asking.h"
#include "services/directory/address_text.h"
#include "services/directory/verifier.h"

namespace hikyaku::receive {
namespace {

using delivery::RecipientWord;
using policy::RecipientSaid;
using policy::RecipientVerdict;

constexpr std::size_t longest_words = 500;

// Nobody has it, and who tells from it what it is for loses nothing.
std::string unlikely_local_part() {
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text = "nobody-";
  for (const char octet : directory::random_octets(16)) text += letters[static_cast<unsigned char>(octet) % letters.size()];
  return text;
}

}  // namespace

InnerRecipients::InnerRecipients(io::Loop& loop, policy::RecipientStore& store, std::string socket_path)
    : loop_(loop), store_(store), path_(std::move(socket_path)), channel_(loop, io::SocketAddress::unix_path(path_)) {}

// Without this a question would wait for a service that an operator has stopped.
bool InnerRecipients::is_there() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const io::Descriptor stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return ::connect(stream.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;  // a full backlog is somebody's
}

Task<InnerRecipients::Found> InnerRecipients::find(Address recipient, Terms terms) {
  const auto user = directory::fold(recipient);
  const auto judge = [&] { return store_.judge(user, terms.reach, terms.otherwise, clock_.wall()); };
  Found found{judge(), {}};
  if (found.verdict != RecipientVerdict::Ask) co_return found;
  auto asking = ask(recipient, user, loop_.after(terms.patience));
  auto asked = co_await std::move(asking);
  found.words = std::move(asked.words);
  found.verdict = judge();
  // It gave no answer about this one. Where it was not even asked for want of room with us, nobody unknown is taken for that.
  if (found.verdict == RecipientVerdict::Ask) {
    terms.reach = policy::Reach::Held;
    if (asked.busy) terms.otherwise = policy::UnknownWhileAway::Defer;
    found.verdict = judge();
  }
  co_return found;
}

// What was said, for the log; the store knows then what it means.
Task<InnerRecipients::Asked> InnerRecipients::ask(const Address& recipient, const std::string& user, Deadline deadline) {
  const auto domain = user.substr(user.rfind('@') + 1);
  if (!is_there()) {
    store_.away(domain, clock_.wall());
    co_return Asked{"deliver, which would ask, is not there"};
  }
  const bool tries = store_.wants_try(user, clock_.wall());
  const delivery::RecipientQuestion question{recipient, tries ? unlikely_local_part() : std::string{}};
  auto asking = channel_.request({encode(question), {}}, deadline, io::OnLoss::Repeat);
  const auto answer = co_await std::move(asking);
  const auto now = clock_.wall();
  auto found = answer ? delivery::decode_recipient_finding(answer->octets) : std::nullopt;
  if (!answer && answer.error().kind != io::ChannelFailure::Unavailable) co_return Asked{answer.error().what, true};
  if (!found) {
    store_.away(domain, now);
    co_return Asked{answer ? std::string("deliver's answer could not be read") : answer.error().what};
  }
  switch (found->word) {
    case RecipientWord::Taken: store_.said(user, RecipientSaid::Taken, now); break;
    case RecipientWord::Unknown: store_.said(user, RecipientSaid::Unknown, now); break;
    case RecipientWord::NotTold: store_.said(user, RecipientSaid::NotTold, now); break;
    case RecipientWord::Later:
    case RecipientWord::Busy: break;
    case RecipientWord::Away: store_.away(domain, now); break;
  }
  const bool told = found->word == RecipientWord::Taken || found->word == RecipientWord::Unknown;
  if (tries && told) store_.tried(domain, found->takes_everybody, now);
  found->words.resize(std::min(found->words.size(), longest_words));
  if (tries && told && found->takes_everybody) found->words += " (it takes everybody, and is not asked again for a day)";
  co_return Asked{std::move(found->words), found->word == RecipientWord::Busy};
}

}  // namespace hikyaku::receive

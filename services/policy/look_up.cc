#include "services/policy/look_up.h"

#include <memory>

#include "io/event.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::policy {
namespace {

constexpr std::size_t most_answer_octets = 32 << 10, most_answer_records = 200;

// Shared with the look-ups under way, which a session that ends with its loop may leave behind.
struct Round {
  std::map<Question, Answer> found;
  std::size_t left = 0;
  io::Event done;
};

template <class Record, class ToText>
Answer told(const io::DnsAnswer<Record>& answer, ToText to_text) {
  switch (answer.outcome) {
    case io::DnsOutcome::Found: break;
    case io::DnsOutcome::NoSuchName:
    case io::DnsOutcome::NoData: return {Answer::Kind::Nothing, {}};
    case io::DnsOutcome::TemporaryFailure:
    case io::DnsOutcome::Bogus: return {Answer::Kind::Failure, {}};
  }
  // SPF, keys and DMARC need a few records of a few KB; what attackers publish may be any.
  Answer all{Answer::Kind::Records, {}};
  std::size_t octets = 0;
  for (const auto& record : answer.records) {
    auto text = to_text(record);
    octets += text.size();
    if (octets > most_answer_octets || all.records.size() == most_answer_records) break;
    all.records.push_back(std::move(text));
  }
  return all;
}

std::string ip_text(const io::IpAddress& address) { return address.to_string(); }
std::string itself(const std::string& text) { return text; }

Task<Answer> ask(io::Resolver& resolver, Question question, Deadline deadline) {
  switch (question.type) {
    case RecordType::A: {
      auto asking = resolver.a(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return told(answer, ip_text);
    }
    case RecordType::Aaaa: {
      auto asking = resolver.aaaa(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return told(answer, ip_text);
    }
    case RecordType::Mx: {
      auto asking = resolver.mx(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return told(answer, [](const io::MxRecord& record) { return record.host; });
    }
    case RecordType::Txt: {
      auto asking = resolver.txt(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return told(answer, itself);
    }
    case RecordType::Ptr: {
      auto asking = resolver.names(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return told(answer, itself);
    }
  }
  co_return Answer{};
}

Task<void> ask_one(std::shared_ptr<Round> round, std::shared_ptr<io::Resolver> resolver, Question question, Deadline deadline) {
  // Names that no DNS can have are not asked for.
  const bool askable = !question.name.empty() && question.name.size() <= dns::most_name_octets;
  Answer answer;
  if (askable) {
    auto asking = ask(*resolver, question, deadline);
    answer = co_await std::move(asking);
  }
  round->found[std::move(question)] = std::move(answer);
  if (--round->left == 0) round->done.notify_all();
}

}  // namespace

Task<void> look_up(io::Loop& loop, std::shared_ptr<io::Resolver> resolver, Answers& answers, Deadline deadline) {
  auto wanted = answers.take_wanted();
  const auto round = std::make_shared<Round>();
  round->left = wanted.size();
  for (const auto& question : wanted) loop.spawn(ask_one(round, resolver, question, deadline));
  while (round->left > 0) {
    const auto outcome = co_await round->done.wait(loop, deadline);
    if (outcome != io::Wake::Ready) break;
  }
  for (const auto& question : wanted) {
    const auto found = round->found.find(question);
    answers.give(question, found != round->found.end() ? found->second : Answer{Answer::Kind::Failure, {}});
  }
}

}  // namespace hikyaku::policy

// A synthetic month on a simulated clock: honest senders with odd names and bots meet the rules as an operator of Rgrey sets them. The model and its
// numbers are here, apart from the rules, and were written before the rules were tuned to them.
//
// Honest: 200 senders whose names S25R takes for lines at home, or who have none; each sends some mails on each day to a few of 50 recipients, tries again by the
// schedule of a known mail server and gives up after 1 hour, 2 or 5 days. One in five is a farm that tries again from another address: of its own /24, or
// of several networks that its SPF record names.
// In a tarpit honest servers wait as long as the standard tells them to (RFC 5321 §4.5.3.2.3: 5 minutes), but for one in ten, which has its own, shorter, patience; of the
// bots one in twenty does.
// Bots: lines at home, each with an address of its own and 1 to 5 mails; 90 % never try again, 8 % try once more within minutes, 2 % for hours.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "services/policy/judge.h"

namespace hikyaku::policy {

struct MonthNumbers {
  unsigned honest_senders = 200, bots = 6'000, recipients = 50, days = 30;
  double honest_mails_a_day = 0.7;
  double farms = 0.2;                                       // of the honest senders
  double honest_hang_up = 0.1, bots_stay = 0.05;            // in a tarpit of more than some seconds
  double bots_never = 0.90, bots_once = 0.08;               // the rest tries for hours
};

struct MonthResult {
  std::uint64_t honest = 0, honest_lost = 0, bot_mails = 0, bot_mails_in = 0;
  std::vector<std::chrono::seconds> honest_delays;
  std::uint64_t unexplained = 0;  // passes of the greylist without evidence
  std::vector<std::string> lost;

  [[nodiscard]] double bots_refused() const { return bot_mails == 0 ? 1 : 1 - static_cast<double>(bot_mails_in) / static_cast<double>(bot_mails); }
  [[nodiscard]] std::chrono::seconds median_delay() {
    if (honest_delays.empty()) return {};
    std::ranges::nth_element(honest_delays, honest_delays.begin() + static_cast<std::ptrdiff_t>(honest_delays.size() / 2));
    return honest_delays[honest_delays.size() / 2];
  }
};

class SyntheticMonth {
 public:
  SyntheticMonth(std::uint64_t seed, Config config, GreylistTerms terms, MonthNumbers numbers = {}) : random_(seed), config_(std::move(config)), memory_(terms), numbers_(numbers) {}

  MonthResult run() {
    for (unsigned i = 0; i < numbers_.honest_senders; ++i) add_honest(i);
    for (unsigned i = 0; i < numbers_.bots; ++i) add_bot(i);
    while (!tries_.empty()) {
      auto next = tries_.top();
      tries_.pop();
      attempt(next);
    }
    return std::move(result_);
  }

 private:
  enum class Who : std::uint8_t { Honest, Bot };
  struct Mail {
    Who who;
    std::vector<std::string> clients;        // of its tries, in turn
    std::string name, sender, recipient;     // name: of all its clients; empty: none
    std::vector<std::chrono::seconds> after; // its tries, after the first
    bool stays = true;                       // for the reply, in a tarpit
  };
  struct Try {
    WallTime at;
    std::size_t mail, number;
    friend bool operator<(const Try& a, const Try& b) { return a.at > b.at; }
  };

  std::uint64_t below(std::uint64_t limit) { return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random_); }
  bool chance(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }
  WallTime some_time() { return begin_ + std::chrono::seconds{static_cast<std::int64_t>(below(numbers_.days * 86'400ULL))}; }
  std::string recipient() { return "user" + std::to_string(below(numbers_.recipients)) + "@here.example"; }

  // As Postfix, Exim, qmail, sendmail and Exchange do it, roughly, and one that has no patience.
  std::vector<std::chrono::seconds> schedule() {
    using namespace std::chrono_literals;
    const std::vector<std::vector<std::chrono::seconds>> lives{{1h}, {48h}, {120h}};
    const auto life = lives[below(lives.size())][0];
    std::vector<std::chrono::seconds> tries;
    const auto kind = below(5);
    std::chrono::seconds at{}, step{};
    for (unsigned n = 1; n < 200; ++n) {
      switch (kind) {
        case 0: step = std::min<std::chrono::seconds>(300s * (1U << std::min(n - 1, 4U)), 4'000s); break;  // 300 s doubling to 4,000
        case 1: step = n <= 8 ? 900s : n <= 20 ? 3'600s : 6h; break;
        case 2: step = std::chrono::seconds{400 * (2 * n - 1)}; break;                                      // 400 s times the squares
        case 3: step = 1'800s; break;
        default: step = n <= 6 ? 600s : 1'200s; break;
      }
      at += step + std::chrono::seconds{static_cast<std::int64_t>(below(60))};
      if (at > life) break;
      tries.push_back(at);
    }
    return tries;
  }

  void add_honest(unsigned number) {
    const auto base = "44." + std::to_string(number / 200) + "." + std::to_string(number % 200) + ".";
    const std::string domain = "honest" + std::to_string(number) + ".example";
    std::vector<std::string> clients{base + "10"};
    if (chance(numbers_.farms)) {
      const bool wide = chance(0.5);
      std::string record = "v=spf1";
      for (unsigned n = 0; n < 6; ++n) {
        clients.push_back(wide ? "45." + std::to_string(number % 200) + "." + std::to_string(n) + ".10" : base + std::to_string(11 + n));
        record += " ip4:" + clients.back();
      }
      if (wide) zone_[{RecordType::Txt, domain}] = {record + " ip4:" + clients[0] + " -all"};
    }
    const std::string name = chance(0.2) ? "" : "host" + std::to_string(10'000 + number) + "-44." + domain;
    const auto times = schedule();
    const bool stays = !chance(numbers_.honest_hang_up);
    const auto mails = 1 + below(static_cast<std::uint64_t>(2 * numbers_.honest_mails_a_day * numbers_.days));
    for (std::uint64_t n = 0; n < mails; ++n) {
      ++result_.honest;
      add({Who::Honest, clients, name, "sender" + std::to_string(n % 3) + "@" + domain, recipient(), times, stays});
    }
  }

  void add_bot(unsigned number) {
    using namespace std::chrono_literals;
    const std::string client = std::to_string(60 + number % 40) + "." + std::to_string(below(256)) + "." + std::to_string(below(256)) + "." + std::to_string(1 + below(254));
    std::vector<std::chrono::seconds> times;
    if (chance(1 - numbers_.bots_never)) {
      if (chance(numbers_.bots_once / (1 - numbers_.bots_never))) times = {std::chrono::seconds{5 + static_cast<std::int64_t>(below(600))}};
      else for (auto at = 300s; at <= 4h; at += 300s) times.push_back(at);
    }
    const std::string name = chance(0.4) ? "" : "ppp" + std::to_string(10'000 + number) + ".line.example";
    const bool stays = chance(numbers_.bots_stay);
    for (auto mails = 1 + below(5); mails > 0; --mails) {
      ++result_.bot_mails;
      add({Who::Bot, {client}, name, "x" + std::to_string(below(1'000'000)) + "@victim" + std::to_string(below(500)) + ".example", recipient(), times, stays});
    }
  }

  void add(Mail mail) {
    mails_.push_back(std::move(mail));
    tries_.push({some_time(), mails_.size() - 1, 0});
    began_.push_back(WallTime{});
  }

  void attempt(const Try& now) {
    const auto& mail = mails_[now.mail];
    if (now.number == 0) began_[now.mail] = now.at;
    const auto& client = mail.clients[now.number % mail.clients.size()];
    const auto at_sign = mail.sender.find('@');
    const auto to_sign = mail.recipient.find('@');
    const Attempt tried{.client = *io::IpAddress::parse(client), .helo = mail.name.empty() ? "pc.invalid" : mail.name, .our_name = "mx.here.example",
                        .reverse_path = {{mail.sender.substr(0, at_sign), mail.sender.substr(at_sign + 1)}},
                        .recipient = {mail.recipient.substr(0, to_sign), mail.recipient.substr(to_sign + 1)}, .now = now.at};
    const auto judgement = judge_fully(tried, mail);
    if (judgement.greylist) memory_.tried(*judgement.greylist, now.at);
    if (judgement.verdict == Finding::Verdict::Nothing) return came_in(now, judgement);
    if (judgement.tarpit > std::chrono::seconds{} && mail.stays) {
      memory_.stayed(*judgement.greylist, now.at + judgement.tarpit);
      return came_in({now.at + judgement.tarpit, now.mail, now.number}, judgement);
    }
    if (judgement.verdict == Finding::Verdict::Refuse || now.number >= mail.after.size()) {
      if (mail.who == Who::Honest) ++result_.honest_lost, result_.lost.push_back(mail.sender + " from " + client);
      return;
    }
    tries_.push({began_[now.mail] + mail.after[now.number], now.mail, now.number + 1});
  }

  void came_in(const Try& now, const Judgement& judgement) {
    if (mails_[now.mail].who == Who::Bot) ++result_.bot_mails_in;
    else result_.honest_delays.push_back(std::chrono::duration_cast<std::chrono::seconds>(now.at - began_[now.mail]));
    for (const auto& finding : judgement.findings) result_.unexplained += finding.rule == RuleId::Greylist && finding.evidence.empty() ? 1 : 0;
  }

  Judgement judge_fully(const Attempt& tried, const Mail& mail) {
    Answers answers;
    const GreylistLook look = [this](const GreylistKey& key, WallTime at) { return memory_.look(key, at); };
    for (;;) {
      auto judgement = judge(tried, config_, look, answers);
      if (judgement.complete) return judgement;
      for (const auto& question : answers.take_wanted()) answers.give(question, answer(question, tried, mail));
    }
  }

  Answer answer(const Question& question, const Attempt& tried, const Mail& mail) const {
    if (question.type == RecordType::Ptr) return mail.name.empty() ? Answer{} : Answer{Answer::Kind::Records, {mail.name}};
    if (question.type == RecordType::A && question.name == mail.name) return {Answer::Kind::Records, {tried.client.to_string()}};
    const auto found = zone_.find(question);
    return found == zone_.end() ? Answer{} : Answer{Answer::Kind::Records, found->second};
  }

  std::mt19937_64 random_;
  Config config_;
  GreylistMemory memory_;
  MonthNumbers numbers_;
  const WallTime begin_{std::chrono::days{20'000}};
  std::map<Question, std::vector<std::string>> zone_;
  std::vector<Mail> mails_;
  std::vector<WallTime> began_;
  std::priority_queue<Try> tries_;
  MonthResult result_;
};

}  // namespace hikyaku::policy

// The section about programs beside us that are asked about mail: milters, policy servers, rspamd.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct FiltersSection : Section {
  FiltersSection() : Section("filters", "Programs beside this server that are asked about mail: milters, Postfix policy servers, rspamd. Whether they count is in [rules]; what is written behind them: docs/guide/filters.md.",
                             "メールについて問い合わせる外部プログラム(milter、Postfix のポリシーサーバ、rspamd)。適用するかどうかは [rules]、書き方は docs/guide/filters.ja.md。") {}
  Setting<Texts> milters{*this, "milters", {
      .help = "Milters, asked in this order: \"opendkim=/run/opendkim/opendkim.sock\", \"greylist=127.0.0.1:5000 at=rcpt for=strangers away=pass\". Options: at (text, rcpt), for (all, strangers, ours), away (defer, pass), timeout, total, may (headers, body, recipients, sender, nothing).",
      .help_ja = "問い合わせる milter(記載順)。\"opendkim=/run/opendkim/opendkim.sock\"、\"greylist=127.0.0.1:5000 at=rcpt for=strangers away=pass\" など。指定できるのは at(text、rcpt)、for(all、strangers、ours)、away(defer、pass)、timeout、total、may(headers、body、recipients、sender、nothing)。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> policy_servers{*this, "policy_servers", {
      .help = "Servers of Postfix's policy delegation protocol, asked at RCPT when no rule objects: \"postgrey=127.0.0.1:10023\". Options: for (strangers unless set; all, ours), away, timeout.",
      .help_ja = "Postfix のポリシー委譲プロトコルのサーバ。どの規則にも該当しないとき RCPT で問い合わせる。\"postgrey=127.0.0.1:10023\"。指定できるのは for(既定は strangers、ほかに all、ours)、away、timeout。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> rspamd{*this, "rspamd", {
      .help = "Where rspamd's normal worker listens: \"127.0.0.1:11333\". Options behind it: for, away, timeout, total. Empty: it is not asked.",
      .help_ja = "rspamd の normal ワーカーの待ち受け。\"127.0.0.1:11333\"。後ろに for、away、timeout、total を書ける。空なら問い合わせない。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> rspamd_reject{*this, "rspamd_reject", {
      .help = "What is done with mail that rspamd would reject: refused (550 5.7.1), taken into quarantine, or taken with \"X-Spam: Yes\".",
      .help_ja = "rspamd が reject と判定したメールの扱い。refuse は拒否(550 5.7.1)、quarantine は隔離、tag は \"X-Spam: Yes\" を付けて受け取る。",
      .preset = "refuse", .choices = {"refuse", "quarantine", "tag"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> size{*this, "size", {
      .help = "Rspamd is asked about the beginning of a larger message, and rows of `hikyaku policy content` look at the beginning; milters get all of it.",
      .help_ja = "これより大きなメールは、rspamd と hikyaku policy content の行では先頭部分だけを調べる。milter には全体を渡す。",
      .preset = MiB(10), .min = KiB(64), .max = MiB(100), .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> rest{*this, "rest", {
      .help = "A program that failed three times in a row is not asked for so long; then one message tries whether it is back.",
      .help_ja = "続けて 3 回失敗したプログラムには、この間は問い合わせない。過ぎれば 1 通で復帰を確かめる。", .preset = 30s, .min = 1s, .max = 1h, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> parallel{*this, "parallel", {
      .help = "Messages that may be with one program at once; the others wait for their turn.", .help_ja = "一つのプログラムに同時に渡すメールの数。超えた分は順番を待つ。",
      .preset = 100, .min = 1, .max = 10'000, .takes_effect = TakesEffect::NewConnections}};
};

}  // namespace hikyaku::settings

//! The texts that the filter is timed with.

/// Texts that keep one detector each busy, repeated to a length.
pub(super) const HOSTILE: [(&str, &str); 26] = [
    ("digits", "5"),
    ("digits with spaces", "5 "),
    ("number words", "five "),
    ("labels of hosts", "a.b."),
    ("addresses", "a@b "),
    ("private hosts", "http:10.0.0.1:"),
    ("letters", "x"),
    ("groups", "55,5-"),
    ("phrases", "pay me directly in cash outside the app "),
    ("prose", "Please walk him directly after lunch and call me at 10:30, thanks! "),
    ("letters and digits", "w4 "),
    ("brackets", "[(+"),
    ("spaces", " "),
    ("at signs", "@"),
    ("points", "."),
    ("number words", "fünf seven quatre "),
    ("spelled letters", "v.e.n.m."),
    ("misspelled names", "whaatsaqp "),
    ("beginnings of rows", "cut out the cut out "),
    ("links with paths", "https://a.example/b?c=55-5%20 "),
    ("one link", "https://a.example/5/5-5%20/"),
    ("combining marks", "e\u{301}\u{302}"),
    ("right to left", "مرحبا ٥٥٥ "),
    ("emoji", "5\u{fe0f}\u{20e3}🐶"),
    ("names of networks", "insta."),
    ("ideographs", "微信我"),
];

/// What people text, in several languages and scripts, and mixtures that try every detector; what is shorter than a text
/// message is repeated.
pub(super) const MESSAGES: [(&str, &str); 22] = [
    (
        "English",
        "Hi! Could you please walk Bella at half past ten tomorrow, and give her the small pills with her food? The key is in the box next to the door. Thank you so much! ",
    ),
    (
        "English, a request",
        "You are wonderful with the dogs. Would you like to work for us directly, without the agency? We could pay you in cash, it would be cheaper for everybody involved. ",
    ),
    (
        "English, a number",
        "Here is my number in case you need anything: 213-555-0123, or write to jane@example.com. My husband is at 213 555 0145 in the evenings. See you on Monday at ten. ",
    ),
    (
        "German",
        "Guten Morgen, könnten Sie morgen bitte um halb elf mit Bella spazieren gehen und ihr die Tabletten mit dem Futter geben? Der Schlüssel liegt im Kästchen. Danke! ",
    ),
    (
        "Spanish",
        "Buenos días, ¿podría usted pasear mañana a Bella a las diez y media y darle las pastillas con la comida? La llave está en la caja junto a la puerta. ¡Gracias! ",
    ),
    (
        "French",
        "Bonjour, pourriez-vous promener Bella demain à dix heures et demie et lui donner les comprimés avec sa nourriture ? La clé est dans la boîte. Merci beaucoup ! ",
    ),
    (
        "Polish",
        "Dzień dobry, czy może pani jutro o wpół do jedenastej wyjść z Bellą na spacer i podać jej tabletki z jedzeniem? Klucz jest w skrzynce przy drzwiach. Dziękuję! ",
    ),
    (
        "Turkish",
        "Günaydın, yarın on buçukta Bella'yı gezdirip haplarını mamasıyla verebilir misiniz? Anahtar kapının yanındaki kutuda. Şimdiden çok teşekkür ederim, iyi günler! ",
    ),
    (
        "Chinese",
        "早上好，请问您明天上午十点半可以帮我遛一下贝拉吗？药片请和狗粮一起喂给它，钥匙在门口旁边的小盒子里。我们大概下午五点回家，非常感谢您的帮助，祝您今天愉快！",
    ),
    (
        "Chinese, a request",
        "我们加微信聊吧，直接把钱转给你，不用通过平台，这样大家都能省一点手续费，你觉得怎么样？我的微信号码晚一点发给你，以后就直接联系，不要再走公司了，谢谢！",
    ),
    (
        "Japanese",
        "おはようございます。明日の午前十時半にベラの散歩をお願いできますか。お薬はごはんと一緒にあげてください。鍵はドアの横の箱に入っています。よろしくお願いいたします。",
    ),
    (
        "Korean",
        "안녕하세요. 내일 오전 열 시 반에 벨라 산책을 부탁드려도 될까요? 약은 밥과 함께 먹여 주세요. 열쇠는 문 옆에 있는 작은 상자 안에 있습니다. 정말 감사합니다, 좋은 하루 되세요. ",
    ),
    ("Thai", "สวัสดีค่ะ พรุ่งนี้ช่วยพาเบลล่าไปเดินเล่นตอนสิบโมงครึ่งได้ไหมคะ ยาให้พร้อมอาหารนะคะ กุญแจอยู่ในกล่องข้างประตู ขอบคุณมากค่ะ "),
    (
        "Russian",
        "Доброе утро, не могли бы вы завтра в половине одиннадцатого погулять с Беллой и дать ей таблетки вместе с кормом? Ключ лежит в коробке у двери. Большое спасибо! ",
    ),
    (
        "Greek",
        "Καλημέρα, θα μπορούσατε αύριο στις δέκα και μισή να βγάλετε βόλτα την Μπέλα και να της δώσετε τα χάπια με το φαγητό; Το κλειδί είναι στο κουτί δίπλα στην πόρτα. ",
    ),
    (
        "Arabic",
        "صباح الخير، هل يمكنك أن تأخذ بيلا في نزهة غدا في الساعة العاشرة والنصف وأن تعطيها الحبوب مع الطعام؟ المفتاح في الصندوق الصغير بجانب الباب. شكرا جزيلا لك! ",
    ),
    (
        "Hebrew",
        "בוקר טוב, האם תוכל לקחת את בלה לטיול מחר בעשר וחצי ולתת לה את הכדורים עם האוכל? המפתח נמצא בקופסה הקטנה ליד הדלת. תודה רבה לך ויום נעים! ",
    ),
    (
        "Hindi",
        "नमस्ते, क्या आप कल सुबह साढ़े दस बजे बेला को घुमाने ले जा सकते हैं और खाने के साथ उसकी गोलियाँ दे सकते हैं? चाबी दरवाज़े के पास वाले डिब्बे में है। धन्यवाद! ",
    ),
    (
        "digits",
        "12.05.2026 10:30-11:15, 4 h x 25,50 = 102,00; 13.05.2026 09:00-10:45, 3 h x 25,50 = 76,50; #482913 77 004 88 12; 192.168.0.1 2026-05-14 0800-1700 (5) 98-101 ",
    ),
    (
        "numbers in words",
        "five five five, zero one two three; fünf sieben acht neun, dos tres cuatro cinco; quatre vingt dix sept, double two triple seven, одиннадцать двадцать три, otto ",
    ),
    (
        "a mixture",
        "w.h.a.t.s.a.p.p м℮ @ 5\u{fe0f}\u{20e3}5\u{fe0f}\u{20e3} ①②③ fıve-o-one ·jane (at) gmail (dot) com· p4y p@l v e n m o t.me/x https://a.example/5/5-5%20 微信 ١٢٣ 𝟝𝟝𝟝 insta: n_9 ",
    ),
    (
        "capitals and accents",
        "ÇA VÁ? ÄÖÜ ßßß ÉÈÊ ÑÑ ŁÓDŹ ŞIŞLI ČŘŽ ŐŰ ĐĦ ŒUVRE ÆBLE ØRE ÅR: PÀGÀME DIRÉCTAMENTE PÖR WHÁTSÄPP, SÏN LÄ ÀPP, ËN ÉFECTIVO, PRÖNTO, NÖ DÏGAS NÀDÁ Ä LÅ ÄGENCIA! ",
    ),
];

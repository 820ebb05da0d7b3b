//! What somebody says who declines a request, or reports one, in all languages.

use crate::rules::poaching::concept::*;

pub(super) const WORDS: &[(Concepts, &str)] = &[
    (REFUSE | NOT, "refuse refused refusing refuses decline declined declining declines reject rejected rejecting turned_down turn_down
        turned_him_down turned_her_down turned_them_down turned_it_down no_can_do no_thanks no_thank_you no_way said_no
        say_no saying_no says_no told_him_no told_her_no told_them_no answered_no not_interested
        abgelehnt ablehn* lehne lehnte ablehnen weigere geweigert verweiger* nein_danke nein_gesagt sage_nein sag_nein
        abgesagt abgewimmelt kommt_nicht_infrage kommt_nicht_in_frage
        rechaz* rehus* me_niego me_negue dije_que_no digo_que_no decir_que_no no_gracias ni_hablar decline
        refus* decline decliner dit_non dis_non non_merci hors_de_question
        recus* neguei disse_que_nao digo_que_nao dizer_que_nao nao_obrigada nao_obrigado
        rifiut* declinato detto_di_no dico_di_no dire_di_no no_grazie
        weiger* geweigerd afgewezen afgeslagen bedankt_voor nee_gezegd zeg_nee nee_dank nee_bedankt
        odmow* odmówił* odmawiam powiedziałam_nie nie_dziękuję reddet* reddediyorum kabul_etmiyorum kabul_etmedim hayır_dedim
        hayır_teşekkürler отказ* отклон* нет_спасибо nej_tack sa_nej säger_nej tackade_nej avböjde avböjer nekade nei_takk
        sagde_nej odmít* refuz* menolak tolak"),
    (REFUSE, "report reported reporting reports flagged flag block blocked told_off gemeldet melde_das melden_das gesperrt blockiert
        zurechtgewiesen denunci* report* reporté reporte avise_a informé bloque* signal* signalé signalée bloqué
        denunciei avisei bloque* segnalat* segnalo bloccat* gemeld meld_het doorgegeven geblokkeerd zgłosi* zgłasz* zablokow*
        şikayet* bildir* engelle* сообщил* пожалова* заблокир* anmälde anmält rapporter* blockera* hänvisa*"),
    (TERMS, "rule rules policy policies terms contract agreement agreements handbook training guideline guidelines allowed permitted
        insurance insured liability cover covered conditions regulations compliance legal law clause
        regel regeln vertrag* richtlinie* bedingung* agb versicher* erlaubt darf duerfen dürfen hausordnung
        regla reglas norma normas politica contrato condiciones seguro permitido permitida reglamento
        regle regles reglement contrat conditions assurance autorise autorisee charte
        regra regras politica seguro permitido termos regulamento
        regola regole contratto condizioni assicur* permesso consentito regolamento
        regels contract voorwaarden verzeker* toegestaan mag mogen afspraken
        regulamin* umow* ubezpiecz* zasad* wolno kural* sözleşme* sigorta* yasak правил* договор* страхов* запрещ* нельзя
        regler avtal* försäkr* tillåtet villkor"),
    (SOMEBODY, "client clients customer customers someone somebody anyone anybody people person folks guy man bloke lady woman gentleman friend
        friends neighbor neighbour neighbors neighbours sister brother mother father mum mom dad cousin aunt uncle husband wife boss colleague
        colleagues gardener plumber breeder previous former family owner daughter son
        kunde kunden kundin kundinnen jemand jemanden leute herr dame freund freundin nachbar* schwester bruder mutter vater mann frau
        chef chefin kolleg* vorige frueher* ehemalig* zuechter* tochter sohn oma opa einer eine_frau
        cliente clientes clienta clientas alguien gente senor senora amigo amiga vecin* hermana hermano madre padre marido mujer
        jefa jefe companer* anterior tipo fontanero abuela hija hijo suegra cunad*
        client cliente clientes quelqu'un gens monsieur dame ami amie voisin* soeur frere mere pere mari femme patron* collegue* ancien*
        eleveur fille fils belle-mere
        alguem pessoa moca moco vizinh* irma irmao mae pai marido chefe colega* anterior jardineiro diarista filha filho
        qualcuno persone signor* tizio tizia amico amica vicin* sorella fratello madre padre marito moglie capo collega cognat* nonna
        clienti precedente
        klant* iemand mensen meneer mevrouw vriend* buur* zus broer moeder vader baas collega's vorige oude dochter zoon
        klient* ktoś ktos sąsiad* siostra brat mama tata mąż żona szef* koleżank* pan pani poprzedni*
        müşteri* komşu* kardeş* annem babam kocam karım patron* biri birisi
        клиент* сосед* сестр* брат мама папа муж жена начальни* кто-то хозяйк* хозяин* коллег*
        kund kunden kunder någon granne* syster bror mamma pappa chef* förra"),
    (TOLD, "asked wanted offered tried proposed suggested told insisted insisting pushing pushed kept begged pestering pestered demanded
        approached was_asked got_asked been_asked keeps_asking used_to said says offers wants asks
        wollte wollten fragte fragten gefragt gebeten bat angeboten geboten bot vorgeschlagen versuchte versucht meinte gesagt sagte
        queria querian pidio pidieron pedido ofrecio ofrecieron propuso propusieron quiso insist* pregunto preguntaron preguntado dijo
        dijeron perseguia ofrecen
        voulait voulaient demandait demande propose proposait offert offrait insist* disait dit
        pediu pediram ofereceu ofereceram propos perguntou perguntaram queriam disse disseram pedido
        voleva volevano chiesto offriva offerto proposto proponeva chiedeva disse detto insist*
        vroeg vroegen wilde wilden wou bood gevraagd aangeboden voorgesteld zei gezegd
        chciał* pytał* zapytał* proponował* zaproponował* powiedział* istedi* sordu* teklif_etti söyledi dedi
        хотел* просил* попросил* предлагал* предложил* звал* спрашивал* спросил* сказал*
        ville fragade frågade erbjöd bad sade sa tjatade"),
    (STAY, "stay staying stick sticking keep keeping remain rather prefer happier bleib bleibe bleiben lieber ausschliesslich ausschließlich
        prefiero mejor quedemonos sigamos prefero exclusivamente solamente solo
        prefere reste rester restons uniquement exclusivement plutot
        prefiro ficar ficamos apenas somente exclusivamente preferisco restare restiamo rimaniamo rimanere soltanto esclusivamente
        liever blijf blijven alleen uitsluitend wolę zostańmy zostaję tylko wyłącznie kalalım kalmayı yalnızca sadece
        остан* лучше только stanna hellre bara endast"),
    (SORRY, "sorry afraid unfortunately apologies apologise apologize regret leider tut_mir_leid schade bedaure bedauer* entschuldig*
        lo_siento perdon perdona perdone disculp* lamentablemente lamento desole desolee malheureusement navre* helas
        desculp* infelizmente sinto_muito mi_dispiace scusi scusa purtroppo spiacente spiace helaas spijt* sorry niestety przepraszam
        przykro maalesef üzgünüm kusura к_сожалению извините извини простите tyvärr förlåt ledsen desværre beklager"),
    (CHANNEL, "here hier aqui aca por_aqui por_aca ici par_ici qui hierueber hierüber hierin tutaj здесь тут сюда buradan burada här sini_saja
        this_chat this_thread this_conversation this_number in_this_chat dieser_chat diesem_chat este_chat esta_conversacion
        cette_conversation ce_fil neste_chat essa_conversa questa_chat questa_conversazione deze_chat dit_gesprek tym_czacie
        этом_чате bu_sohbet denna_chatt den_här_chatten"),
    (PAST, "yesterday once before last_week last_month last_year last_time last_night this_morning back_then ago gestern neulich
        letzte_woche letzten_monat letztes_jahr damals frueher früher vorhin ayer anoche semana_pasada mes_pasado ano_pasado antes
        hier la_semaine_derniere le_mois_dernier autrefois avant ontem semana_passada mes_passado ano_passado ieri settimana_scorsa
        mese_scorso anno_scorso prima gisteren vorige_week vorige_maand vroeger wczoraj kiedyś dün geçen_hafta вчера недавно раньше
        igår förra_veckan"),
    (TROUBLE, "ban banned bans banning fired suspended suspend sacked trouble risk risks risky scam scammer fraud fine void voids deactivated
        kicked_off lose_my_account losing_my_account lose_my_job ärger aerger gekuendigt gekündigt risiko abmahnung problemas lio riesgo
        despedid* sanci* multa estafa ennuis risque* viree vire arnaque problemes encrenca risco golpe bloqueio demitid*
        guai rischi* licenziat* truffa problemi gedoe ontslagen risico ryzyk* kłopot* oszust* ceza risk* dolandırıcı*
        риск* уволят проблем* мошенник* штраф* avstängd bedrägeri"),
];

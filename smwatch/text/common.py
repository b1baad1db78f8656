"""Words that stand in almost every German or English text, folded: nothing to look for first."""

from __future__ import annotations

_GERMAN = """
aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus bei beim bereits
besonders bin bis bisher bleibt da dabei dadurch dafuer dagegen daher damals damit danach dann daran darauf darf
darueber darum das dass davon dazu dem den denen denn der deren des deshalb dessen deutlich deutsche deutschen
deutscher deutschland die dies diese diesem diesen dieser dieses doch dort drei du durch ein eine einem einen einer
eines einfach einige einmal er erst erste ersten erster es etwa etwas euro fall fast frau fuer fuenf ganz ganze
geben gegen geht gemacht genau gerade gibt gilt gut gute guten haben hat hatte hatten heute hier hinter ich ihm ihn
ihnen ihr ihre ihrem ihren ihrer im immer in ins ist ja jahr jahre jahren jede jeden jeder jedoch jetzt kann kaum
kein keine keinen koennen koennte kommen kommt konnte lange lassen laut leben letzten macht machen man mehr mein
meine menschen millionen mit muss muessen musste nach nachdem natuerlich neben nein neue neuen neuer neues nicht
nichts noch nun nur ob oder ohne prozent rund sagt sagte schon sehr sei sein seine seinem seinen seiner seit sich
sie sieht sind so sogar soll sollen sollte sondern sonst sowie statt stadt steht tag tage trotz ueber uhr um und uns
unser unsere unter viel viele vielen vier vom von vor waehrend war waere waren warum was weg wegen weil weiter
weitere weiteren welche wenig weniger wenn wer werden wie wieder will wir wird wirklich wo wohl wollen wollte worden
wurde wurden zeit zu zum zur zwar zwei zwischen
"""
_ENGLISH = """
a about above according after again against all almost also although always among an and another any are around as
asked at away back be because been before being best better between both but by called can could company country day
days did do does done down during each early end even ever every few first five for former found four from full get
given go going good government great group had has have he head help her here high him his home house how however if
in including into is it its just know known last late later least left less life like likely little local long made
make making man many may me members might million month months more most much must my national need never new news
next no not now number of off often old on once one only open or other others our out over own part party people per
percent place police public put report reported right said same saw say says second see set seven several she should
show since six small so some something state states still such support take team ten than that the their them then
there these they thing things think this those though three through time times to today told too took top total two
under united until up us use used very want was way we week weeks well went were what when where which while who
whole whose why will with within without woman women work working world would year years yesterday yet you young
your
"""
COMMON = frozenset((_GERMAN + _ENGLISH).split())
